import CLinux

/// Dates in a partner's own form, by the patterns of strftime(3) and strptime(3) in the C locale.
package enum TimePattern {
    private static let longest = 128

    /// What is wrong with a pattern; nil if it can be used.
    package static func problem(with pattern: String) -> String? {
        if pattern.utf8.isEmpty || pattern.utf8.count > longest { return "must have 1 to \(longest) bytes" }
        if !pattern.contains("%") { return "has no conversion such as %Y" }
        var rest = Substring(pattern)
        while let percent = rest.firstIndex(of: "%") {
            rest = rest[rest.index(after: percent)...]
            guard let letter = rest.first, "aAbBcCdDeFgGHIjklmMnpPrRsStTuUVwWxXyYzZf%".contains(letter) else {
                return "has %\(rest.first.map(String.init) ?? "") , which is no conversion of strftime(3)"
            }
            rest = rest.dropFirst()
        }
        return nil
    }

    /// Writes a moment in a zone. `%f` is microseconds.
    package static func format(_ moment: WallTime, _ pattern: String, in zone: TimeZoneRules) -> String {
        let offset = zone.offset(at: moment)
        let fraction = String((moment.nanoseconds % 1_000_000_000 + 1_000_000_000) % 1_000_000_000 / 1000)
        let plain = pattern.replacing("%f", with: String(repeating: "0", count: 6 - fraction.count) + fraction)
            .replacing("%s", with: String(moment.seconds)).replacing("%z", with: offsetText(offset)).replacing(
                "%Z", with: offset == .zero ? "UTC" : "")
        var buffer = [CChar](repeating: 0, count: 512)
        let count = unsafe linux_format_time(Int((moment + offset).seconds), plain, &buffer, buffer.count)
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func offsetText(_ offset: Duration) -> String {
        let minutes = offset.wholeSeconds.magnitude / 60
        func two(_ number: UInt64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return (offset < .zero ? "-" : "+") + two(minutes / 60) + two(minutes % 60)
    }

    /// Reads a whole text; nil where it does not have the pattern's form. `%f` is a fraction of a second of any length, which is dropped.
    ///
    /// - Parameter zone: that of a text whose pattern has no `%z` and no `%s`; nil: such a text is a guess, and the result nil.
    package static func parse(_ text: String, _ pattern: String, zone: TimeZoneRules?) -> WallTime? {
        guard text.utf8.count <= longest, !text.utf8.contains(0) else { return nil }
        let (text, pattern) = withoutFraction(text, pattern)
        var fields = [Int](repeating: 0, count: 7)
        guard unsafe linux_parse_time(text, pattern, &fields) == 1 else { return nil }
        if pattern.contains("%s") { return Int64(text).map { WallTime(seconds: $0) } }
        let days = CalendarTime.days(year: Int64(fields[0]), month: Int64(fields[1]), day: Int64(fields[2]))
        let local = WallTime(seconds: days * 86_400 + Int64(fields[3] * 3600 + fields[4] * 60 + fields[5]))
        if pattern.contains("%z") { return local + .seconds(-Int64(fields[6])) }
        return zone?.moment(ofLocal: local)
    }

    /// strptime(3) knows no fractions: both without `%f`, and the sign before it.
    private static func withoutFraction(_ text: String, _ pattern: String) -> (String, String) {
        guard let place = pattern.firstRange(of: "%f"), place.lowerBound > pattern.startIndex else { return (text, pattern) }
        let sign = pattern[pattern.index(before: place.lowerBound)]
        var shorter = pattern
        shorter.removeSubrange(pattern.index(before: place.lowerBound)..<place.upperBound)
        // The fraction is the first run of digits behind the sign that follows a digit.
        var rest = text
        var from = rest.startIndex
        while let found = rest[from...].firstIndex(of: sign) {
            let digits = rest[rest.index(after: found)...].prefix { $0.isASCII && $0.isNumber }
            if found > rest.startIndex, rest[rest.index(before: found)].isNumber, !digits.isEmpty, sign == "." || sign == "," {
                rest.removeSubrange(found..<digits.endIndex)
                break
            }
            from = rest.index(after: found)
        }
        return (rest, shorter)
    }
}
