import Testing
import Time

/// Dates in partners' own forms, and the zones they are in.
@Suite struct TimePatternTests {
    private static let utc = TimeZoneRules(offset: .zero)

    @Test(arguments: [
        ("02/01/2026 03:04:05", "%d/%m/%Y %H:%M:%S", "2026-01-02T03:04:05Z"),
        ("2026-01-02 03:04:05.123456", "%Y-%m-%d %H:%M:%S.%f", "2026-01-02T03:04:05Z"),
        ("Jan  2, 2026 3:04:05 PM", "%b %d, %Y %I:%M:%S %p", "2026-01-02T15:04:05Z"),
        ("20260102T030405+0545", "%Y%m%dT%H%M%S%z", "2026-01-01T21:19:05Z"),
        ("2026-01-02T03:04:05.1+05:45", "%Y-%m-%dT%H:%M:%S.%f%z", "2026-01-01T21:19:05Z"), ("1767322800", "%s", "2026-01-02T03:00:00Z"),
        ("Fri, 02-Jan-2026 03:04:05 GMT", "%a, %d-%b-%Y %H:%M:%S GMT", "2026-01-02T03:04:05Z"),
    ]) func `a time is read by its pattern`(text: String, pattern: String, moment: String) throws {
        let found = try #require(TimePattern.parse(text, pattern, zone: Self.utc))
        #expect(CalendarTime.rfc3339(found) == moment)
    }

    @Test(arguments: [("02/01/2026", "%d/%m/%Y %H"), ("02/01/2026 03 x", "%d/%m/%Y %H"), ("", "%Y"), ("x", "%s"), ("32/01/2026", "%d/%m/%Y")])
    func `another form says nothing`(text: String, pattern: String) {
        #expect(TimePattern.parse(text, pattern, zone: Self.utc) == nil)
    }

    @Test func `a time without a zone is a guess`() {
        #expect(TimePattern.parse("2026", "%Y", zone: nil) == nil)
    }

    @Test(arguments: [
        // Winter, summer, the hour that is there twice, and the one that is missing.
        ("Europe/Berlin", "2026-01-15 12:00:00", "2026-01-15T11:00:00Z"), ("Europe/Berlin", "2026-07-15 12:00:00", "2026-07-15T10:00:00Z"),
        ("Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25T00:30:00Z"), ("Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29T01:30:00Z"),
        ("Asia/Kathmandu", "2026-01-01 05:45:00", "2026-01-01T00:00:00Z"), ("America/St_Johns", "2026-07-01 00:00:00", "2026-07-01T02:30:00Z"),
    ]) func `a zone's local time is a moment`(zone: String, local: String, moment: String) throws {
        let rules = try #require(TimeZoneRules(named: zone))
        let found = try #require(TimePattern.parse(local, "%Y-%m-%d %H:%M:%S", zone: rules))
        #expect(CalendarTime.rfc3339(found) == moment)
    }

    @Test(arguments: ["", "Europe/Nowhere", "../../etc/passwd", "/etc/passwd", "Europe"]) func `there is no such zone`(name: String) {
        #expect(TimeZoneRules(named: name) == nil)
    }

    @Test func `a time is written by a pattern, in a zone`() throws {
        let moment = WallTime(seconds: 1_767_323_045) + .microseconds(1234)
        let berlin = try #require(TimeZoneRules(named: "Europe/Berlin"))
        #expect(TimePattern.format(moment, "%Y%m%dT%H%M%SZ", in: Self.utc) == "20260102T030405Z")
        #expect(TimePattern.format(moment, "%a, %d %b %Y %H:%M:%S.%f %z", in: berlin) == "Fri, 02 Jan 2026 04:04:05.001234 +0100")
        #expect(TimePattern.format(moment, "%s", in: berlin) == "1767323045")
    }

    @Test(arguments: ["", "plain", "%Q", "100%"]) func `is no pattern`(pattern: String) {
        #expect(TimePattern.problem(with: pattern) != nil)
    }
}
