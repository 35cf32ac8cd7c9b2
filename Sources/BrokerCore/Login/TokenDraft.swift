import HTTPTypes

/// A token as an answer gave it, before it is compared with the one in hand.
package struct TokenDraft: Sendable {
    package var value: Secret
    package var type: String
    package var headers: [TokenHeader]
    package var values: [String: String]
    package var expiry: Expiry
    package var sentAt: BootInstant
    package var sentAtWall: WallTime
    /// What the answer gave for the next refresh (RFC 6749 §6).
    package var refreshToken: Secret?

    package init(
        value: Secret, type: String = "Bearer", headers: [TokenHeader] = [], values: [String: String] = [:], expiry: Expiry,
        sentAt: BootInstant, sentAtWall: WallTime
    ) {
        self.value = value
        self.type = type
        self.headers = headers
        self.values = values
        self.expiry = expiry
        self.sentAt = sentAt
        self.sentAtWall = sentAtWall
    }

    /// Reads the last answer of a login.
    ///
    /// - Throws: `LoginFailure`, class bad reply, naming what was not found or cannot be.
    init(
        reading: TokenReading, use: TokenUse, expires: [ExpirySource], from reader: ReplyReader, values scope: ValueScope,
        held: [String: String] = [:]
    ) throws(LoginFailure) {
        let bytes = try reader.token(reading.source)
        let webToken = JSONWebToken(bytes)
        if reading.format == .jwt, webToken == nil { throw reader.bad("\(reading.source) holds no JSON Web Token") }
        var values = scope
        var kept: [String: String] = [:]
        for value in reading.keep {
            // An input of the same name that was given wins over what the partner says.
            if values[value.name] == nil { values[value.name] = try reader.keep(value, held: held[value.name]) }
            kept[value.name] = values[value.name].map { String(decoding: $0, as: UTF8.self) }
        }
        values["token"] = bytes
        var headers: [TokenHeader] = []
        for header in use.headers {
            guard let value = try header.value.render(values, encode: PlaceEncoding.header) else { continue }
            headers.append(TokenHeader(name: header.name.rawName, value: Secret(value)))
        }
        let expiry = try ExpiryReading(reader: reader, token: webToken).expiry(expires)
        self.init(
            value: Secret(bytes), type: reading.type, headers: headers, values: kept, expiry: expiry,
            sentAt: reader.reply.sentAt, sentAtWall: reader.reply.sentAtWall)
        refreshToken = try reading.refreshToken.flatMap { source throws(LoginFailure) in try reader.optionalToken(source).map { Secret($0) } }
    }
}
