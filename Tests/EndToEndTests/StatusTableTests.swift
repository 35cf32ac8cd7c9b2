import JSON
import TestSupport
import Testing

@testable import tokenbroker

/// Tokens as an operator sees them.
@Suite struct StatusTableTests {
    private static func token(_ members: [String: JSONValue]) -> JSONValue {
        .object(["name": "a", "provider": "p", "logins": 3].merging(members) { $1 })
    }

    @Test func `state, life and next refresh are in words, and the last line sums up`() {
        let text = StatusTable.text([
            Self.token(["state": "fresh", "expires_in": 768, "next_refresh_in": .number(240.5), "fingerprint": "0123456789ab"]),
            Self.token(["name": "b", "state": "failing", "last_failure": .object(["class": "transient", "reason": "status 503"])]),
            Self.token(["name": "c", "state": "pending", "logging_in": true, "inputs": .object(["t": "x"])]),
        ])
        let lines = text.split(separator: "\n").map { $0.split(separator: "  ").map { $0.trimmingPrefix(" ") } }
        #expect(lines[1] == ["a", "p", "fresh", "12 min", "in 4 min", "3", "0123456789ab", "-"])
        #expect(lines[2] == ["b", "p", "failing", "-", "-", "3", "-", "transient: status 503"])
        #expect(lines[3][0] == "c (t=x)" && lines[3][4] == "now")
        #expect(text.hasSuffix("\n1/2 tokens, next renewal in 4 min; missing: b"))
    }

    @Test func `the daemon's own summary goes before ours, and columns are aligned`() {
        let text = StatusTable.text([Self.token(["state": "fresh"]), Self.token(["name": "longer-name", "state": "fresh"])], summary: "2/2 tokens")
        let lines = text.split(separator: "\n")
        #expect(lines.last == "2/2 tokens")
        let starts = lines.dropLast().map { line in
            line.ranges(of: /p  |PROVIDER/).first.map { line.distance(from: line.startIndex, to: $0.lowerBound) }
        }
        #expect(Set(starts) == [13])
    }

    @Test func `what callers and partners wrote cannot drive a terminal`() {
        let input: JSONValue = .object(["who": "\u{1B}[2J\u{1B}]0;x\u{7}\u{202E}a\nzapper2  fresh"])
        let token = Self.token(["state": "fresh", "inputs": input, "last_failure": .object(["class": "transient", "reason": "\u{9B}31m"])])
        let text = StatusTable.text([token], summary: "a\u{1B}[1;1Hb")
        #expect(text.split(separator: "\n").count == 3)
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || ![.control, .format].contains($0.properties.generalCategory) })
        #expect(text.contains("\\u{1b}[2J") && text.contains("\\u{202e}"))
    }
}
