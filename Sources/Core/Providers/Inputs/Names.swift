/// The rule for names of tokens, clients, providers and actions.
package enum Names {
    package static let rule = "a name must be 1 to 64 of a-z, 0-9, dot, underscore and hyphen, beginning with a letter or digit"

    package static func isValid(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (1...64).contains(bytes.count), let first = bytes.first, isLetterOrDigit(first) else { return false }
        return bytes.allSatisfy { isLetterOrDigit($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D }
    }

    /// Whether an input's name is valid: snake_case, so that `{name}` reads well.
    static func isValidInput(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 64 && name.utf8.allSatisfy { isLetterOrDigit($0) || $0 == 0x5F } && name != "token" && name != "steps"
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
}
