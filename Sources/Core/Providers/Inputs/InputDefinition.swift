package import Patterns

/// A value that the operator provides.
package struct InputDefinition: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable { case text, url }

    package var name: String
    package var isSecret = false
    /// Whether its value is the current token of another entry.
    package var isToken = false
    package var isOptional = false
    package var defaultValue: String?
    /// The whole value must match.
    package var pattern: Pattern?
    package var kind = Kind.text
    package var description: String?

    /// The member of the metadata of `issuer` (RFC 8414 §2) that it has where it is not set: `token_endpoint`.
    package var discovered: String?

    package var isRequired: Bool { !isOptional && defaultValue == nil && discovered == nil }
}
