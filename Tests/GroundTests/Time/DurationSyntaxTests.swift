import TestSupport
import Testing
import Time

/// Durations and sizes as people write them.
@Suite struct DurationSyntaxTests {
    @Test(arguments: [("90s", 90), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("1h30m", 5400)])
    func `a duration has a unit`(text: String, seconds: Int) {
        #expect(DurationSyntax.parse(text) == .seconds(seconds))
        #expect(DurationSyntax.parse(DurationSyntax.format(.seconds(seconds))) == .seconds(seconds))
    }

    @Test(arguments: ["", "15", "m", "-5s", "5 s", "1.5h", "15min", "99999999999s"]) func `anything else is no duration`(text: String) {
        #expect(DurationSyntax.parse(text) == nil)
    }

    @Test(arguments: [(240, "4 min"), (79_200, "22 h"), (90, "1 min 30 s"), (273_600, "3 d 4 h"), (0, "0 s"), (601, "10 min")])
    func `durations are written in words`(seconds: Int, words: String) {
        #expect(DurationSyntax.words(.seconds(seconds)) == words)
    }

    @Test(arguments: [("64KiB", 65_536), ("1MiB", 1_048_576), ("512B", 512)]) func `a size has a unit`(text: String, bytes: Int) {
        #expect(SizeSyntax.parse(text) == bytes)
        #expect(SizeSyntax.format(bytes) == text)
    }
}
