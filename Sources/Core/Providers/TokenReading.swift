import HTTPTypes
import JSON
import Time

package struct TokenReading: Sendable, Hashable {
    package enum Format: String, Sendable, CaseIterable { case opaque, jwt }

    package var source: ValueSource
    package var format = Format.opaque
    /// `token_type` for callers (RFC 6749 §7.1).
    package var type = "Bearer"
    package var keep: [KeptValue] = []
    /// Where an answer gives the token to refresh with.
    package var refreshToken: ValueSource?
    /// The first source that is there counts. Empty: the configuration must say.
    package var expires: [ExpirySource] = []
    /// What the configuration might say where `expires` is empty.
    package var suggestedLifetime: Duration?
}
