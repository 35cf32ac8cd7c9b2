/// The rule for secrets kept as text in a file: what an editor or another system may have left around or inside them.
package enum SecretText {
    /// The secret without its one final LF or CRLF.
    ///
    /// - Throws: `SecretFault` for an empty secret, a byte-order mark, UTF-16, a NUL and a second final newline; it names the byte.
    package static func secret(in bytes: [UInt8], at place: String) throws(SecretFault) -> Secret {
        func fault(_ problem: String) -> SecretFault { SecretFault(place: place, problem: problem) }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw fault("begins with a byte-order mark (byte 1: EF BB BF); save it without one") }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { throw fault("is UTF-16 (byte 1); save it as UTF-8") }
        if let place = bytes.firstIndex(of: 0) { throw fault("holds a NUL (byte \(place + 1)); save it as UTF-8 text") }
        let text = withoutNewline(bytes[...])
        if text.isEmpty { throw fault("is empty") }
        if withoutNewline(text).count < text.count { throw fault("ends with a second newline (byte \(text.count)); keep at most one") }
        return Secret(Array(text))
    }

    private static func withoutNewline(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard bytes.last == 0x0A else { return bytes }
        let text = bytes.dropLast()
        return text.last == 0x0D ? text.dropLast() : text
    }
}
