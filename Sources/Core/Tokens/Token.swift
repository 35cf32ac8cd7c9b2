package import Secrets
package import Time

/// A token in hand, with everything a caller copies onto its requests to the partner.
package struct Token: Sendable {
    package var value: Secret
    /// First 12 hex digits of an HMAC of the token: the only thing of it a log may show.
    package var fingerprint: String
    /// `token_type` (RFC 6749 §7.1).
    package var type: String
    /// Request headers to send to the partner; they hold the token.
    package var headers: [TokenHeader]
    /// What the login's answer said beside the token, by name.
    package var values: [String: String]
    package var expiry: Expiry
    /// When the login that brought it was sent.
    package var issuedAt: BootInstant
    package var issuedAtWall: WallTime

    /// - Parameter expiry: in place of the draft's, where more is known.
    package init(_ draft: TokenDraft, fingerprint: String, expiry: Expiry? = nil) {
        value = draft.value
        self.fingerprint = fingerprint
        type = draft.type
        headers = draft.headers
        values = draft.values
        self.expiry = expiry ?? draft.expiry
        issuedAt = draft.sentAt
        issuedAtWall = draft.sentAtWall
    }

    /// The end of its life on the boot-time clock; nil: none.
    package var deadline: BootInstant? { expiry.lifetime.map { issuedAt + $0 } }

    package func remaining(at now: BootInstant) -> Duration? { deadline.map { $0 - now } }

    package func isAlive(at now: BootInstant) -> Bool { deadline.map { $0 > now } ?? true }

    /// Whether a caller can be given it: with a whole second left, which is what readiness, summary and metrics count.
    package func isUsable(at now: BootInstant) -> Bool { remaining(at: now).map { $0 >= .seconds(1) } ?? true }
}
