import Tokens

/// The rule for a body that is the token: with no other sign around it, it must not be something that is said to people or programs.
enum BodyToken {
    /// Words of errors; in a random token of 1,000 characters the shortest is found by chance once in some thousand.
    private static let stems = [
        "error", "denied", "unauthor", "invalid", "forbidden", "failed", "unavailable", "undefined", "exception", "success", "incorrect",
        "not_found", "notfound", "no_applicable", "maintenance",
    ].map { Array($0.utf8) }

    /// Why these bytes are no token; nil for what may be one. A JSON Web Token always may.
    static func problem(with bytes: [UInt8]) -> String? {
        if JSONWebToken(bytes) != nil { return nil }
        let isLetter: (UInt8) -> Bool = { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
        let isDigit: (UInt8) -> Bool = { (0x30...0x39).contains($0) }
        if bytes.count < 8 { return "it is shorter than 8 bytes" }
        // What RFC 6750 §2.1 lets a bearer token hold, and two more that tokens have.
        if let other = bytes.first(where: { !isLetter($0) && !isDigit($0) && !"-._~+/=:|".utf8.contains($0) }) {
            return "it holds \(String(UnicodeScalar(other)).debugDescription)"
        }
        if bytes.firstRange(of: Array("://".utf8)) != nil { return "it is a URL" }
        let lower = bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        if bytes.allSatisfy({ isDigit($0) || "+-.:eETZ".utf8.contains($0) }) { return "it is a number or a date" }
        if lower.starts(with: "0x".utf8), lower.dropFirst(2).allSatisfy({ isDigit($0) || (0x61...0x66).contains($0) }) { return "it is a number" }
        if !bytes.contains(where: isDigit) {
            let isPlain = !bytes.allSatisfy(isLetter)
            let isOneCase = !bytes.contains { (0x41...0x5A).contains($0) } || !bytes.contains { (0x61...0x7A).contains($0) }
            if isPlain || isOneCase || bytes.count < 20 { return "it is a word" }
        }
        return stems.contains { lower.firstRange(of: $0) != nil } ? "it says what went wrong" : nil
    }
}
