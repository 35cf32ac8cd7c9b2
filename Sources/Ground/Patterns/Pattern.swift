import CPCRE2

/// A regular expression in PCRE2's syntax (pcre2pattern(3)), compiled once, with limits that no text can exceed.
///
/// `\d`, `\w` and `\s` are ASCII, `$` is the very end of the text, and `.` takes no newline.
package struct Pattern: Sendable, Hashable {
    package let text: String
    private let code: PatternCode

    /// Bytes of a pattern at most.
    package static let maximumBytes = 4096

    /// - Throws: `PatternFault`, which says what is wrong and at which byte.
    package init(_ text: String) throws(PatternFault) {
        self.text = text
        code = try PatternCode(text)
    }

    /// The number of groups that capture.
    package var groups: Int { code.groups }

    /// Whether the pattern matches the whole text.
    ///
    /// - Throws: `PatternLimit` if it takes more than 250,000 steps or 16 MiB.
    package func matches(_ text: String) throws(PatternLimit) -> Bool {
        try code.match(text, options: PCRE2_ANCHORED | PCRE2_ENDANCHORED, pattern: self.text) != nil
    }

    /// Whether the pattern matches somewhere in the text.
    ///
    /// - Throws: `PatternLimit`, as `matches` does.
    package func isFound(in text: String) throws(PatternLimit) -> Bool {
        try code.match(text, options: 0, pattern: self.text) != nil
    }

    /// The first group of the first match in the text, or the whole match if the pattern has no group; nil if nothing matches, or the group
    /// took no part.
    ///
    /// - Throws: `PatternLimit`, as `matches` does.
    package func value(in text: String) throws(PatternLimit) -> String? {
        guard let found = try code.match(text, options: 0, pattern: self.text), let place = code.hasGroup ? found.group : found.whole else {
            return nil
        }
        return String(decoding: Array(text.utf8)[place], as: UTF8.self)
    }

    package static func == (one: Pattern, other: Pattern) -> Bool { one.text == other.text }

    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
