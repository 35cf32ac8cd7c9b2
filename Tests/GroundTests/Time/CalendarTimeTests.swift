import TestSupport
import Testing
import Time

/// Dates on the wire.
@Suite struct CalendarTimeTests {
    @Test(arguments: [
        ("2022-08-21T18:00:55.400174+05:45", 1_661_084_155, 400_174_000), ("1970-01-01T00:00:00Z", 0, 0), ("2024-02-29T23:59:60Z", 1_709_251_200, 0),
        ("2026-11-21T10:15:00-0800", 1_795_284_900, 0),
    ]) func `an RFC 3339 time is read to the nanosecond`(text: String, seconds: Int64, nanoseconds: Int64) {
        #expect(CalendarTime.parseRFC3339(text) == WallTime(nanoseconds: seconds * 1_000_000_000 + nanoseconds))
    }

    @Test(arguments: [
        "2022-08-21T18:00:55", "2022-08-21", "2022-02-30T00:00:00Z", "2022-08-21T25:00:00Z", "2022-08-21T18:00:55.Z", "2022-08-21T18:00:55Z ",
    ])
    func `a time without offset, or none, is not guessed`(text: String) {
        #expect(CalendarTime.parseRFC3339(text) == nil)
    }

    @Test func `a zone stands in for a missing offset alone`() {
        #expect(CalendarTime.parseRFC3339("1970-01-01T05:45:00", zone: .seconds(20_700)) == WallTime(seconds: 0))
        #expect(CalendarTime.parseRFC3339("1970-01-01T00:00:00Z", zone: .seconds(20_700)) == WallTime(seconds: 0))
    }

    @Test func `IMF-fixdate is read, its obsolete forms are not`() {
        #expect(CalendarTime.parseIMFFixdate("Sun, 06 Nov 1994 08:49:37 GMT") == WallTime(seconds: 784_111_777))
        #expect(CalendarTime.parseIMFFixdate("Sunday, 06-Nov-94 08:49:37 GMT") == nil)
        #expect(CalendarTime.parseIMFFixdate("Sun Nov  6 08:49:37 1994") == nil)
    }

    @Test(arguments: [Int64.min, .min + 1, -1_000_000_001, -1_000_000_000, -1, 0, 1, .max])
    func `no clock is too early or too late`(nanoseconds: Int64) {
        let wall = WallTime(nanoseconds: nanoseconds)
        #expect(wall.seconds == Int64((Double(nanoseconds) / 1e9).rounded(.down)))
        #expect(!CalendarTime.rfc3339(wall).isEmpty)
        #expect((wall - WallTime(nanoseconds: .max)) <= .zero && (wall - WallTime(nanoseconds: .min)) >= .zero)
        let boot = BootInstant(nanoseconds: nanoseconds)
        #expect((boot - BootInstant(nanoseconds: .max)) <= .zero && (boot - BootInstant(nanoseconds: .min)) >= .zero)
        // A year of two digits, seen from there.
        _ = CalendarTime.parseHTTPDate("Sunday, 06-Nov-94 08:49:37 GMT", now: wall)
    }

    @Test func `a text too long for a date is not looked at`() {
        let marks = String(repeating: "\u{301}\u{316}", count: 100_000)
        #expect(CalendarTime.parseHTTPDate("Sun, 06 Nov 1994 08:49:37 GMT\(marks)", now: WallTime(seconds: 0)) == nil)
        #expect(CalendarTime.parseIMFFixdate("Sun, 06 Nov 1994 08:49:37 GMT\(marks)") == nil)
    }

    @Test(arguments: [Int64(0), 951_782_400, 1_709_164_800, 4_107_542_399, -1]) func `a time is written as it was read`(seconds: Int64) {
        #expect(CalendarTime.parseRFC3339(CalendarTime.rfc3339(WallTime(seconds: seconds))) == WallTime(seconds: seconds))
    }
}
