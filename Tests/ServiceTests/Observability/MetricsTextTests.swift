import TestSupport
import Testing

@testable import Observability

/// OpenMetrics text 1.0.0.
@Suite struct MetricsTextTests {
    @Test func `families, units, labels and the end are as the format wants them`() {
        var text = MetricsText()
        text.family("tokenbroker_life_seconds", .gauge, "Life left.")
        text.sample("", [("token", "a\"b\\c\nd")], 1.5)
        text.sample("", [], 3.0)
        text.family("tokenbroker_logins", .counter, "Logins.")
        text.sample("_total", [("token", "a"), ("outcome", "ok")], UInt64.max)
        text.end()
        let expected = #"""
            # TYPE tokenbroker_life_seconds gauge
            # UNIT tokenbroker_life_seconds seconds
            # HELP tokenbroker_life_seconds Life left.
            tokenbroker_life_seconds{token="a\"b\\c\nd"} 1.5
            tokenbroker_life_seconds 3
            # TYPE tokenbroker_logins counter
            # HELP tokenbroker_logins Logins.
            tokenbroker_logins_total{token="a",outcome="ok"} 18446744073709551615
            # EOF

            """#
        #expect(String(decoding: text.bytes, as: UTF8.self) == expected)
    }
}
