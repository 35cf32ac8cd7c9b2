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

    package var isRequired: Bool { !isOptional && defaultValue == nil }
}
