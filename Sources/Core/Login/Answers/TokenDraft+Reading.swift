import HTTPTypes
import OutboundHTTP
import Providers
import Secrets
import Time
import Tokens

extension TokenDraft {
    /// Reads the last answer of a login.
    ///
    /// - Throws: `LoginFailure`, class bad reply, naming what is missing or invalid.
    init(
        reading: TokenReading, use: TokenUse, expires: [ExpirySource], from reader: ReplyReader, values scope: inout ValueScope,
        held: [String: String] = [:], toleratesAge: Bool = false, derive: (inout ValueScope) throws(LoginFailure) -> Void
    ) throws(LoginFailure) {
        let bytes = try reader.token(reading.source, pattern: reading.pattern)
        let webToken = JSONWebToken(bytes)
        if reading.format == .jwt, webToken == nil { throw reader.bad("\(reading.source) is not a JSON Web Token") }
        var kept: [String: String] = [:]
        for value in reading.keep {
            // A given input takes precedence over the partner's value of the same name.
            if scope[value.name] == nil { scope[value.name] = try reader.keep(value, held: held[value.name]) }
            kept[value.name] = scope[value.name].map { String(decoding: $0, as: UTF8.self) }
        }
        scope["token"] = bytes
        try derive(&scope)
        let carried = try CarriedToken(use, reading.keep, from: reader, scope)
        let ends = ExpiryReading(reader: reader, token: webToken, ignoresClaim: reading.ignoresClaim, toleratesAge: toleratesAge)
        let expiry = try ends.expiry(expires)
        let delay = try ends.delay()
        self.init(
            value: Secret(bytes), type: reading.type, headers: carried.headers, values: kept, expiry: expiry,
            sentAt: reader.reply.sentAt, sentAtWall: reader.reply.sentAtWall)
        (query, json) = (carried.query, carried.json)
        validFrom = delay.map { reader.reply.sentAt + $0 }
    }
}
