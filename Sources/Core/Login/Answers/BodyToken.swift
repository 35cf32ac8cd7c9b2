import Tokens

/// The rule for a body that is the token: with no other sign around it, it must not be something that is said to people or programs.
enum BodyToken {
    /// Words of errors; in a random token of 1,000 characters the shortest is found by chance once in some thousand.
    private static let stems = [
        "error", "denied", "unauthor", "invalid", "forbidden", "failed", "unavailable", "undefined", "exception", "success", "incorrect",
        "not_found", "notfound", "no_applicable", "maintenance", "expired", "suspend", "locked", "too_many", "toomany", "timeout", "retry",
        "required", "status", "%pdf",
    ].map { Array($0.utf8) }

    /// Letters that a sequence without a digit or another sign must have to be no word.
    private static let longestWord = 16

    /// Why these bytes are no token; nil for what may be one. A JSON Web Token always may.
    static func problem(with bytes: [UInt8]) -> String? {
        if JSONWebToken(bytes) != nil { return nil }
        if bytes.count < 8 { return "it is shorter than 8 bytes" }
        if let other = bytes.first(where: { "<>{}[]()&\\'`".utf8.contains($0) }) {
            return "it holds \(String(UnicodeScalar(other)).debugDescription)"
        }
        if bytes.firstRange(of: Array("://".utf8)) != nil { return "it is a URL" }
        let lower = bytes.map { isUpper($0) ? $0 | 0x20 : $0 }
        if lower.firstRange(of: Array("%3c".utf8)) != nil { return "it is markup" }
        if lower.starts(with: "http".utf8) { return "it is a URL or a status" }
        if bytes.allSatisfy({ isDigit($0) || "+-.:_eETZ".utf8.contains($0) }) { return "it is a number or a date" }
        if lower.starts(with: "0x".utf8), lower.dropFirst(2).allSatisfy({ isDigit($0) || (0x61...0x66).contains($0) }) { return "it is a number" }
        if stems.contains(where: { lower.firstRange(of: $0) != nil }) { return "it says what went wrong" }
        return !bytes.contains(where: isDigit) && isMadeOfWords(bytes) ? "it is made of words" : nil
    }

    /// Whether everything between signs is a word, or several: letters in one case or with a first capital.
    private static func isMadeOfWords(_ bytes: [UInt8]) -> Bool {
        let pieces = bytes.split { !isLetter($0) }
        if pieces.count == 1, pieces[0].count >= longestWord, words(pieces[0]).count == 1 { return false }
        return pieces.allSatisfy { piece in
            let words = words(piece)
            return words.count == 1 ? isWord(words[0]) : words.allSatisfy { $0.count >= 3 && isWord($0) }
        }
    }

    /// The parts of a name such as `TokenNotFound`.
    private static func words(_ letters: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var (words, start) = ([ArraySlice<UInt8>](), letters.startIndex)
        for place in letters.indices.dropFirst() where isUpper(letters[place]) && !isUpper(letters[place - 1]) {
            words.append(letters[start..<place])
            start = place
        }
        return words + [letters[start...]]
    }

    private static func isWord(_ letters: ArraySlice<UInt8>) -> Bool {
        letters.allSatisfy(isUpper) || letters.dropFirst().allSatisfy { !isUpper($0) }
    }

    private static func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool { isUpper(byte) || (0x61...0x7A).contains(byte) }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
