import Providers
import Secrets

/// Makes a partner's message safe to show to the operator: it redacts secrets in every form that an answer may repeat them in, and
/// everything that looks like a token, escapes what a terminal would obey and shortens the rest.
package struct Redactor: Sendable {
    private let secrets: [[UInt8]]
    /// Bytes of a message that are looked at, and characters that are shown.
    private static let (maximumBytes, maximumCharacters) = (4096, 300)
    private static let mark = Array("‹redacted›".utf8)

    /// Redacts the secrets that the login used, and the values that its answers brought.
    init(definition: ProviderDefinition, values: ValueScope) {
        let inputs = Set(definition.inputs.filter { !$0.isSecret && !$0.isToken }.map(\.name))
        secrets = values.names.filter { !inputs.contains($0) }.compactMap { values[$0] }.filter { !$0.isEmpty }.sorted { $0.count > $1.count }
    }

    /// For requests that carry no secret.
    static let ofNothing = Redactor(secrets: [])

    private init(secrets: [[UInt8]]) {
        self.secrets = secrets
    }

    package func redact(_ text: String) -> String {
        let bytes = withoutSecrets(Array(text.utf8.prefix(Self.maximumBytes)))
        let visible = VisibleText.escaped(String(decoding: Self.withoutTokens(bytes), as: UTF8.self))
        guard visible.unicodeScalars.count > Self.maximumCharacters else { return visible }
        return String(visible.unicodeScalars.prefix(Self.maximumCharacters)) + "…"
    }

    /// A text of one's own with the secrets alone redacted.
    func withoutSecrets(_ text: String) -> String { String(decoding: withoutSecrets(Array(text.utf8)), as: UTF8.self) }

    private func withoutSecrets(_ bytes: [UInt8]) -> [UInt8] {
        secrets.reduce(bytes) { bytes, secret in SecretForms.all(of: secret).reduce(bytes) { Self.replacing($1, in: $0) } }
    }

    /// Replaces a form of a secret wherever it stands, in any case. One of fewer than four bytes counts only as a word: it would blot out
    /// parts of others, and so give itself away.
    private static func replacing(_ form: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        let wanted = form.map(lowercased)
        var clean: [UInt8] = []
        var place = 0
        while place < bytes.count {
            let end = place + wanted.count
            if end <= bytes.count, bytes[place..<end].lazy.map(lowercased).elementsEqual(wanted),
                form.count >= 4 || !isWordByte(bytes, at: place - 1) && !isWordByte(bytes, at: end)
            {
                clean += mark
                place = end
            } else {
                clean.append(bytes[place])
                place += 1
            }
        }
        return clean
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    private static func isWordByte(_ bytes: [UInt8], at place: Int) -> Bool {
        guard bytes.indices.contains(place) else { return false }
        return isLetterOrDigit(bytes[place])
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// A run of 20 or more token characters is not a word.
    private static func withoutTokens(_ bytes: [UInt8]) -> [UInt8] {
        var clean: [UInt8] = []
        var run: [UInt8] = []
        func end() {
            clean += run.count >= 20 ? mark : run
            run = []
        }
        for byte in bytes {
            if isLetterOrDigit(byte) || "_-+/=.".utf8.contains(byte) {
                run.append(byte)
            } else {
                end()
                clean.append(byte)
            }
        }
        end()
        return clean
    }
}
