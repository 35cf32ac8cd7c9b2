import Providers

/// Makes a partner's message safe to show to the operator: it redacts secrets and everything that looks like a token, replaces
/// control characters with spaces and shortens the rest.
package struct Redactor: Sendable {
    private let secrets: [String]
    private static let maximumCharacters = 300

    /// Redacts the secrets that the login used.
    init(definition: ProviderDefinition, values: ValueScope) {
        let hidden = definition.inputs.filter { $0.isSecret || $0.isToken }.compactMap { values[$0.name] }
        secrets = hidden.filter { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }.sorted { $0.utf8.count > $1.utf8.count }
    }

    package func redact(_ text: String) -> String {
        var clean = text
        for secret in secrets { clean = clean.replacing(secret, with: "‹redacted›") }
        // A run of 20 or more token characters is not a word.
        clean = clean.replacing(#/[A-Za-z0-9_\-+\/=.]{20,}/#, with: "‹redacted›")
        let visible = String(String.UnicodeScalarView(clean.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
        return visible.count > Self.maximumCharacters ? visible.prefix(Self.maximumCharacters) + "…" : visible
    }
}
