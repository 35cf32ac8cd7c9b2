package import Secrets
package import Time

/// A token in hand, with everything that callers copy into their requests to the partner.
package struct Token: Sendable {
    package var value: Secret
    /// First 12 hex digits of an HMAC of the token; the only part of it that a log may show.
    package var fingerprint: String
    /// `token_type` (RFC 6749 §7.1).
    package var type: String
    /// Request headers to send to the partner; they hold the token.
    package var headers: [TokenHeader]
    /// Pairs of the query to send to the partner; nil: the definition has none.
    package var query: [TokenHeader]?
    /// Members of a JSON body to send to the partner, a JSON object; nil: the definition has none.
    package var json: Secret?
    /// Other values kept from the login's answer, by name.
    package var values: [String: String]
    /// Values that later requests of the session need and callers do not get, by name.
    package var session: [String: String]
    package var expiry: Expiry
    /// When the login request was sent.
    package var issuedAt: BootInstant
    package var issuedAtWall: WallTime

    /// - Parameter expiry: replaces the draft's; nil: the draft's own.
    package init(_ draft: TokenDraft, fingerprint: String, expiry: Expiry? = nil) {
        value = draft.value
        self.fingerprint = fingerprint
        type = draft.type
        headers = draft.headers
        (query, json) = (draft.query, draft.json)
        (values, session) = (draft.values, draft.session)
        self.expiry = expiry ?? draft.expiry
        issuedAt = draft.sentAt
        issuedAtWall = draft.sentAtWall
    }

    /// The end of its life on the boot-time clock; nil: no end.
    package var deadline: BootInstant? { expiry.lifetime.map { issuedAt + $0 } }

    /// Everything kept from its login that a later request can name.
    package var kept: [String: String] { values.merging(session) { value, _ in value } }

    package func remaining(at now: BootInstant) -> Duration? { deadline.map { $0 - now } }

    package func isAlive(at now: BootInstant) -> Bool { deadline.map { $0 > now } ?? true }

    /// Whether it counts as available in readiness, summary and metrics: at least one second is left.
    package func isUsable(at now: BootInstant) -> Bool { remaining(at: now).map { $0 >= .seconds(1) } ?? true }
}
