package import Secrets
package import Time

/// A token as read from an answer, before it is compared with the one in hand.
package struct TokenDraft: Sendable {
    package var value: Secret
    package var type: String
    package var headers: [TokenHeader]
    /// Pairs of the query, and members of a JSON body, to send to the partner; nil: the definition has none.
    package var query: [TokenHeader]?
    package var json: Secret?
    package var values: [String: String]
    /// Values that later requests of the session need and callers do not get, by name.
    package var session: [String: String] = [:]
    package var expiry: Expiry
    /// Whether the same token has a longer life now, whatever its answer states: the partner has prolonged it.
    package var isProlonged = false
    package var sentAt: BootInstant
    package var sentAtWall: WallTime
    /// When the token begins to be valid (`nbf`, RFC 7519 §4.1.5), if that is later than its answer.
    package var validFrom: BootInstant?

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

    /// Everything kept from the login that a later request can name.
    package var kept: [String: String] { values.merging(session) { value, _ in value } }
}
