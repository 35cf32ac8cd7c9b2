import JSON
import Testing

@testable import tokenbroker

/// What `status --watch` and `history --since` show.
@Suite struct LiveTableTests {
    private static func token(_ name: String, _ members: [String: JSONValue] = [:]) -> JSONValue {
        let whole: [String: JSONValue] = [
            "name": .string(name), "provider": "p", "state": "fresh", "fingerprint": "0123456789ab", "expires_in": 600, "next_refresh_in": 300,
            "next_refresh_reason": "5 min before it expires", "logins": 1,
        ]
        return .object(whole.merging(members) { $1 })
    }

    private static func overview(_ tokens: [JSONValue], requests: Int64 = 10, started: String = "a") -> JSONValue {
        .object([
            "summary": "all well", "tokens": .array(tokens), "tokens_total": .integer(Int64(tokens.count)),
            "callers": .array([.object(["name": "billing", "requests": .integer(requests), "refused": 0])]),
            "build": .object(["started_at": .string(started)]),
        ])
    }

    private static func lines(_ table: LiveTable, columns: Int = 120, rows: Int = 24) -> [String] {
        table.text(size: (columns, rows), clock: "12:00:00", colored: false).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func `a change is marked for five seconds, and rates come from two answers`() {
        var table = LiveTable(order: .trouble)
        table.take(.init(overview: Self.overview([Self.token("a"), Self.token("b")]), at: 100))
        #expect(Self.lines(table)[0] == "12:00:00  all well")
        #expect(Self.lines(table).contains { $0.contains("billing") && $0.contains("-") })
        table.take(.init(overview: Self.overview([Self.token("a", ["fingerprint": "ffffffffffff"]), Self.token("b")], requests: 60), at: 102))
        #expect(Self.lines(table)[2].hasPrefix("*  a") && Self.lines(table)[3].hasPrefix("   b"))
        #expect(Self.lines(table).contains { $0.hasPrefix("billing  25 ") })
        table.take(
            .init(overview: Self.overview([Self.token("a", ["fingerprint": "ffffffffffff"]), Self.token("b")], requests: 0, started: "b"), at: 108))
        #expect(Self.lines(table)[2].hasPrefix("   a"))
        #expect(Self.lines(table).contains { $0.hasPrefix("billing  - ") })
    }

    @Test func `it sorts, fits any terminal, and says since when there is no answer`() {
        var table = LiveTable(order: .name)
        let failing: [String: JSONValue] = ["state": "failing", "expires_in": 5, "logins": 9, "last_failure": .object(["reason": "down"])]
        table.take(.init(overview: Self.overview([Self.token("c", failing), Self.token("a"), Self.token("b", ["next_refresh_in": 1])]), at: 1))
        func first() -> String { Self.lines(table)[2].split(separator: " ").first.map(String.init) ?? "" }
        for (order, name) in [(LiveTable.Order.name, "a"), (.trouble, "c"), (.expiry, "c"), (.refresh, "b"), (.logins, "c")] {
            table.order = order
            #expect(first() == name)
        }
        #expect(Self.lines(table).contains { $0.contains("down: 5 min before it expires") })
        for (columns, rows) in [(20, 5), (1, 1), (80, 8), (300, 100)] {
            let lines = Self.lines(table, columns: columns, rows: rows)
            #expect(lines.count <= rows && lines.allSatisfy { $0.count <= columns })
        }
        table.fault = ("the daemon does not answer", "11:59:59")
        #expect(Self.lines(table)[0] == "no answer since 11:59:59: the daemon does not answer")
        #expect(first() == "c")
    }

    @Test func `counts that no daemon sends are no trap`() {
        var table = LiveTable(order: .trouble)
        table.take(.init(overview: Self.overview([Self.token("a")], requests: .max), at: 1))
        table.take(.init(overview: Self.overview([Self.token("a")], requests: .min), at: 2))
        #expect(Self.lines(table).count > 3)
    }

    @Test func `past logins are summed up`() {
        func login(_ outcome: String, _ took: Int64) -> JSONValue { .object(["outcome": .string(outcome), "took_ms": .integer(took)]) }
        let summary = HistorySummary([
            login("success", 30), login("success", 10), login("same_token", 20), login("transient", 5), login("transient", 5),
            login("timed_out", 10_000),
        ])
        #expect(summary.text == "3 logins succeeded, 3 failed (2 transient, 1 timed_out); a login took 20 ms at the median, 30 ms at most")
        #expect(HistorySummary([]).text == "0 logins succeeded, 0 failed")
        #expect(summary.json["failures"]?["transient"] == 2 && summary.json["slowest_ms"] == 30)
    }
}
