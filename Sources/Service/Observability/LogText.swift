import Secrets

/// Formats values for a log line.
enum LogText {
    /// Quotes a value with a space, a quotation mark or a control character, so that a line remains one line.
    static func quoted(_ value: String) -> String {
        quoted(value.unicodeScalars, hides: VisibleText.isHidden)
    }

    /// Text from an unknown caller: at most 64 characters, visible ASCII unchanged, everything else by its code point.
    static func untrusted(_ value: String) -> String {
        quoted(value.unicodeScalars.prefix(64)) { $0.value < 0x20 || $0.value > 0x7E }
    }

    /// The value that was quoted; of one in quotes, what stands between them.
    static func unquoted(_ text: some StringProtocol) -> String {
        guard text.contains("\\") else { return String(text) }
        var value = String.UnicodeScalarView()
        var rest = Substring(text).unicodeScalars
        while let scalar = rest.popFirst() {
            guard scalar == "\\", let next = rest.popFirst() else {
                value.append(scalar)
                continue
            }
            if next == "n" {
                value.append("\n")
            } else if next == "u", rest.first == "{", let end = rest.firstIndex(of: "}"),
                let number = UInt32(Substring(rest[rest.index(after: rest.startIndex)..<end]), radix: 16), let named = Unicode.Scalar(number)
            {
                value.append(named)
                rest = rest[rest.index(after: end)...]
            } else {
                value.append(next)
            }
        }
        return String(value)
    }

    private static func quoted(_ scalars: some Collection<Unicode.Scalar>, hides: (Unicode.Scalar) -> Bool) -> String {
        var text = ""
        var isPlain = !scalars.isEmpty
        for scalar in scalars {
            switch scalar {
            case "\"", "\\": text += "\\\(scalar)"
            case "\n": text += "\\n"
            case _ where hides(scalar): text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
            if scalar == " " || scalar == "=" || scalar == "\"" || scalar == "\\" || hides(scalar) { isPlain = false }
        }
        return isPlain ? text : "\"\(text)\""
    }
}
