import Secrets
import Time

/// Tokens a client may use: a name pattern and, for tokens with per-request inputs, patterns of their values.
package struct TokenGrant: Sendable, Equatable {
    package var pattern: NamePattern
    /// By input; a per-request input not named here is not allowed, unless the grant is `*` itself.
    package var inputs: [String: NamePattern] = [:]
}
