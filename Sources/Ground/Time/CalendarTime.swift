/// Converts wall times to and from UTC calendar dates (proleptic Gregorian) and their two wire formats.
package enum CalendarTime {
    /// Days from 1970-01-01 to a date; months and days beyond their range carry over.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        // March-based years put the leap day last; 719468 days lie between 0000-03-01 and 1970-01-01.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }

    /// Writes RFC 3339 in UTC with whole seconds: `2026-11-21T10:15:00Z`.
    package static func rfc3339(_ time: WallTime) -> String {
        let (year, month, day) = date(days: days(of: time))
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(timeOfDay(time))Z"
    }

    /// Reads an RFC 3339 timestamp with an offset and any fraction; ISO 8601's `+0545` is accepted too.
    ///
    /// Without an offset, `zone` applies; without either, the result is nil, since the time would be a guess.
    package static func parseRFC3339(_ text: String, zone: Duration? = nil) -> WallTime? {
        var scanner = DigitScanner(text)
        guard let year = scanner.number(4), scanner.skip("-"), let month = scanner.number(2), scanner.skip("-"), let day = scanner.number(2),
            scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
            let hour = scanner.number(2), scanner.skip(":"), let minute = scanner.number(2), scanner.skip(":"), let second = scanner.number(2),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60,
            date(days: days(year: year, month: month, day: day)).day == day
        else { return nil }
        var nanoseconds: Int64 = 0
        if scanner.skip(".") {
            guard let fraction = scanner.fraction() else { return nil }
            nanoseconds = fraction
        }
        guard let offset = scanner.isAtEnd ? zone : parseOffset(&scanner), scanner.isAtEnd else { return nil }
        let whole = days(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second
        return WallTime(seconds: whole) + .nanoseconds(nanoseconds - offset.nanoseconds)
    }

    /// Reads `Z`, `+05:45` or `-0800`.
    package static func parseOffset(_ text: String) -> Duration? {
        var scanner = DigitScanner(text)
        guard let offset = parseOffset(&scanner), scanner.isAtEnd else { return nil }
        return offset
    }

    private static func parseOffset(_ scanner: inout DigitScanner) -> Duration? {
        if scanner.skip("Z") || scanner.skip("z") { return .zero }
        let isNegative = scanner.skip("-")
        guard isNegative || scanner.skip("+"), let hours = scanner.number(2) else { return nil }
        _ = scanner.skip(":")
        guard let minutes = scanner.number(2), hours < 24, minutes < 60 else { return nil }
        return .seconds((hours * 3600 + minutes * 60) * (isNegative ? -1 : 1))
    }

    /// Bytes of a text that can be a date. Longer ones are not even looked at: Swift's comparison of texts takes time that grows with the
    /// square of their combining marks.
    private static let longest = 64

    /// Reads an IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7); nil for the obsolete forms.
    package static func parseIMFFixdate(_ text: String) -> WallTime? {
        guard text.utf8.count <= longest else { return nil }
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].count == 4, parts[0].hasSuffix(","), parts[5] == "GMT", parts[1].utf8.count == 2 else { return nil }
        return moment(year: parts[3], month: parts[2], day: parts[1], time: parts[4])
    }

    /// Reads any of the three forms of RFC 9110 §5.6.7: IMF-fixdate, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
    ///
    /// - Parameter now: a year of two digits that appears to be more than 50 years ahead of it is in the past.
    package static func parseHTTPDate(_ text: String, now: WallTime) -> WallTime? {
        guard text.utf8.count <= longest else { return nil }
        if let moment = parseIMFFixdate(text) { return moment }
        let words = text.split(separator: " ")
        if words.count == 5 { return moment(year: words[4], month: words[1], day: words[2], time: words[3]) }
        guard words.count == 4, words[0].hasSuffix(","), words[3] == "GMT" else { return nil }
        let parts = words[1].split(separator: "-")
        guard parts.count == 3, parts[2].utf8.count == 2, let short = digits(parts[2]) else { return nil }
        let thisYear = date(days: days(of: now)).year
        let year = thisYear / 100 * 100 + short
        return moment(year: "\(year > thisYear + 50 ? year - 100 : year)", month: parts[1], day: parts[0], time: words[2])
    }

    private static func moment(year: some StringProtocol, month: Substring, day: Substring, time: Substring) -> WallTime? {
        var scanner = DigitScanner(String(time))
        guard year.utf8.count == 4, let year = digits(year), let month = months.firstIndex(of: String(month)).map({ Int64($0) + 1 }),
            day.utf8.count <= 2, let day = digits(day),
            let hour = scanner.number(2), scanner.skip(":"), let minute = scanner.number(2), scanner.skip(":"), let second = scanner.number(2),
            scanner.isAtEnd, (1...31).contains(day), hour < 24, minute < 60, second <= 60,
            date(days: days(year: year, month: month, day: day)).day == day
        else { return nil }
        return WallTime(seconds: days(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second)
    }

    private static func digits(_ text: some StringProtocol) -> Int64? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64(text) : nil
    }

    /// Writes an IMF-fixdate.
    package static func imfFixdate(_ time: WallTime) -> String {
        let days = Self.days(of: time)
        let (year, month, day) = date(days: days)
        let weekday = weekdays[Int(((days + 4) % 7 + 7) % 7)]  // 1970-01-01 was a Thursday.
        return "\(weekday), \(padded(day, 2)) \(months[Int(month) - 1]) \(padded(year, 4)) \(timeOfDay(time)) GMT"
    }

    /// Days since 1970-01-01, rounded down.
    private static func days(of time: WallTime) -> Int64 {
        let seconds = time.seconds
        return seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    }

    /// `08:49:37`.
    private static func timeOfDay(_ time: WallTime) -> String {
        let rest = time.seconds - days(of: time) * 86_400
        return "\(padded(rest / 3600, 2)):\(padded(rest / 60 % 60, 2)):\(padded(rest % 60, 2))"
    }

    /// The last second of the year 9999: a later moment is none that a clock shows.
    package static let lastSecond = 253_402_300_799.0

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// Reads fixed-length runs of digits and single characters from the front of a text.
private struct DigitScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = Substring(text).utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Character) -> Bool {
        guard let first = rest.first, first == character.asciiValue else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Exactly `count` digits.
    mutating func number(_ count: Int) -> Int64? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    /// One or more digits after a decimal point, as nanoseconds; finer digits are dropped.
    mutating func fraction() -> Int64? {
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty else { return nil }
        rest = rest.dropFirst(digits.count)
        let nine = Array(digits.prefix(9)) + Array(repeating: 0x30, count: max(0, 9 - digits.count))
        return nine.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }
}
