/// A JSON Pointer (RFC 6901) such as `/data/token`; the empty pointer is the whole document.
package struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
    package let tokens: [String]

    /// The whole document.
    package static let root = JSONPointer(tokens: [])

    private init(tokens: [String]) { self.tokens = tokens }

    /// Nil if the text is not empty and does not begin with "/", or if a "~" in it escapes nothing.
    package init?(_ text: String) {
        guard text.isEmpty || text.hasPrefix("/") else { return nil }
        var tokens: [String] = []
        for part in text.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            var token = ""
            var isEscaped = false
            for character in part {
                switch (isEscaped, character) {
                case (false, "~"): isEscaped = true
                case (true, "0"): token.append("~"); isEscaped = false
                case (true, "1"): token.append("/"); isEscaped = false
                case (true, _): return nil
                case (false, _): token.append(character)
                }
            }
            guard !isEscaped else { return nil }
            tokens.append(token)
        }
        self.tokens = tokens
    }

    package func resolve(in value: JSONValue) -> JSONValue? {
        var current = value
        for token in tokens {
            switch current {
            case .object(let members):
                guard let member = members[token] else { return nil }
                current = member
            case .array(let elements):
                // RFC 6901 §4: no leading zeros.
                guard let index = Int(token), String(index) == token, elements.indices.contains(index) else { return nil }
                current = elements[index]
            default:
                return nil
            }
        }
        return current
    }

    package var description: String {
        tokens.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
    }
}
