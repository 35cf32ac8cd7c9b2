/// The tokens a client may use: a name pattern and, for tokens with per-request inputs, patterns for their values.
package struct TokenGrant: Sendable, Equatable {
    package var pattern: NamePattern
    /// Value patterns by input name; a per-request input not listed here is not allowed, unless the grant is `*` itself.
    package var inputs: [String: NamePattern] = [:]
}
