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
            if scalar == " " || scalar == "=" || scalar == "\"" || hides(scalar) { isPlain = false }
        }
        return isPlain ? text : "\"\(text)\""
    }
}
