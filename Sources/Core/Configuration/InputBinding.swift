package import Secrets

/// The configured value of an input.
package enum InputBinding: Sendable, Equatable {
    case text(String)
    /// At least one reference; the others are alternatives, each tried if the partner rejects the one before.
    case secret([SecretReference])
    /// The current token of another entry.
    case token(String)

    package var alternatives: Int { if case .secret(let references) = self { references.count } else { 1 } }
}
