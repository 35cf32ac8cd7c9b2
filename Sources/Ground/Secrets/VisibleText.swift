/// Text of others as it may be shown on a terminal or in a log: nothing in it moves the cursor, hides or reorders what stands there.
package enum VisibleText {
    /// Control characters (C0, C1), bidirectional and zero-width ones as their code points, such as `\u{202e}`; line ends and tabs as spaces.
    package static func escaped(_ text: some StringProtocol) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n", "\r", "\t": shown += " "
            case _ where isHidden(scalar): shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// Whether a terminal would obey it, or show nothing: Unicode's categories Cc and Cf and the line separators.
    package static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate: true
        default: false
        }
    }
}
