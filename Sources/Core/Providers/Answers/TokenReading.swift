package import Patterns

/// How a token is read from the last answer of a login.
package struct TokenReading: Sendable, Hashable {
    package enum Format: String, Sendable, CaseIterable { case opaque, jwt }

    package var source: SourceList
    package var format = Format.opaque
    /// `token_type` for callers (RFC 6749 §7.1).
    package var type = "Bearer"
    package var keep: [KeptValue] = []
    /// Whether the token's own `exp` means nothing at this partner (`jwt_exp: ignore`).
    package var ignoresClaim = false
    /// What the whole token must match, in place of the rule for text that may be a token.
    package var pattern: Pattern?
    /// The source of the refresh token.
    package var refreshToken: SourceList?
    /// The first source that is present is used. Empty: the configuration must set `expires`.
    package var expires: [ExpirySource] = []
    /// A lifetime to suggest for the configuration if `expires` is empty.
    package var suggestedLifetime: Duration?
}
