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
        reading: TokenReading, use: TokenUse, expires: [ExpirySource], from reader: ReplyReader, values scope: ValueScope,
        held: [String: String] = [:], toleratesAge: Bool = false
    ) throws(LoginFailure) {
        let bytes = try reader.token(reading.source, pattern: reading.pattern)
        let webToken = JSONWebToken(bytes)
        if reading.format == .jwt, webToken == nil { throw reader.bad("\(reading.source) is not a JSON Web Token") }
        var values = scope
        var kept: [String: String] = [:]
        for value in reading.keep {
            // A given input takes precedence over the partner's value of the same name.
            if values[value.name] == nil { values[value.name] = try reader.keep(value, held: held[value.name]) }
            kept[value.name] = values[value.name].map { String(decoding: $0, as: UTF8.self) }
        }
        values["token"] = bytes
        var headers: [TokenHeader] = []
        for header in use.headers {
            do throws(LoginFailure) {
                guard let value = try header.value.render(values, encode: PlaceEncoding.header) else { continue }
                headers.append(TokenHeader(name: header.name.rawName, value: Secret(value)))
            } catch {
                // The partner's own value does not fit into a header: it is left out if it may be absent.
                let isOptional = reading.keep.contains { $0.isOptional && $0.name == header.value.soleName }
                if !isOptional { throw reader.bad(error.reason) }
            }
        }
        let ends = ExpiryReading(reader: reader, token: webToken, ignoresClaim: reading.ignoresClaim, toleratesAge: toleratesAge)
        let expiry = try ends.expiry(expires)
        let delay = try ends.delay()
        self.init(
            value: Secret(bytes), type: reading.type, headers: headers, values: kept, expiry: expiry,
            sentAt: reader.reply.sentAt, sentAtWall: reader.reply.sentAtWall)
        validFrom = delay.map { reader.reply.sentAt + $0 }
    }
}
