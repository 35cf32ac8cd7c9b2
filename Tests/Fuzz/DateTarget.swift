import Time

/// Dates and durations of partners and of the configuration. The input up to the first NUL is the text, the rest a pattern of strftime(3).
enum DateTarget {
    static func run(_ bytes: [UInt8]) {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let text = String(decoding: parts[0], as: UTF8.self)
        let now = WallTime(seconds: 1_800_000_000)
        let moments = [
            CalendarTime.parseRFC3339(text), CalendarTime.parseRFC3339(text, zone: .seconds(19_800)), CalendarTime.parseIMFFixdate(text),
            CalendarTime.parseHTTPDate(text, now: now),
        ]
        for moment in moments.compactMap({ $0 }) { check(moment) }
        if let moment = CalendarTime.parseIMFFixdate(text) { hold(CalendarTime.imfFixdate(moment).utf8.count == 29, "no IMF-fixdate") }
        if let offset = CalendarTime.parseOffset(text) { hold(offset.inSeconds.magnitude < 86_400, "an offset of a day") }
        if let duration = DurationSyntax.parse(text) {
            hold(duration >= .zero, "a negative duration")
            _ = DurationSyntax.words(duration)
            // 64 bits of nanoseconds end at 292 years.
            let isShown = duration < .seconds(1 << 33)
            hold(!isShown || DurationSyntax.parse(DurationSyntax.format(duration)) == duration, "written and read again: another duration")
        }
        if parts.count > 1 { check(pattern: String(decoding: parts[1], as: UTF8.self), text) }
    }

    private static func check(_ moment: WallTime) {
        let written = CalendarTime.rfc3339(moment)
        hold(CalendarTime.parseRFC3339(written)?.seconds == moment.seconds, "written and read again: another moment, \(written)")
    }

    private static func check(pattern: String, _ text: String) {
        guard TimePattern.problem(with: pattern) == nil else { return }
        let utc = TimeZoneRules(offset: .zero)
        _ = TimePattern.format(WallTime(seconds: 1_800_000_000), pattern, in: utc)
        _ = TimePattern.parse(text, pattern, zone: utc)
        _ = TimePattern.parse(text, pattern, zone: nil)
    }
}
