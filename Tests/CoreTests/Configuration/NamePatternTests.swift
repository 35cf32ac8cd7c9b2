import Configuration
import TestSupport
import Testing

/// Patterns of token names.
@Suite struct NamePatternTests {
    @Test(arguments: [
        ("zapper*", "zapper-jo", true), ("zapper*", "zap", false), ("*", "", true), ("a*c", "abbc", true), ("a*c", "acb", false), ("a", "aa", false),
    ])
    func `a pattern knows only the star`(pattern: String, name: String, matches: Bool) {
        #expect(NamePattern(pattern).matches(name) == matches)
    }
}
