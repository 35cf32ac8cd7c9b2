import Glibc
import TestSupport
import Testing

/// Metrics of a live broker.
@Suite struct MetricsTests {
    @Test func `metrics count answers, refusals, logins and tokens`() async throws {
        try await LiveBroker.with { live in
            _ = try await live.ask("GET", "/v1/tokens/zapper?wait=10")
            for _ in 0..<3 { _ = try await live.ask("GET", "/v1/tokens/zapper") }
            _ = try await live.ask("GET", "/v1/tokens/zapper", headers: "Via: 1.1 x\r\n")
            _ = try await live.ask("GET", "/v1/tokens/zapper", key: "wrong")
            let answer = try await live.ask("GET", "/metrics")
            #expect(answer.field("Content-Type") == "application/openmetrics-text; version=1.0.0; charset=utf-8")
            let lines = answer.text.split(separator: "\n")
            #expect(lines.last == "# EOF")
            for line in [
                "tokenbroker_requests_total{endpoint=\"token\",status=\"200\"} 4", "tokenbroker_requests_total{endpoint=\"token\",status=\"401\"} 1",
                "tokenbroker_requests_total{endpoint=\"none\",status=\"400\"} 1", "tokenbroker_problems_total{type=\"forwarded-request\"} 1",
                "tokenbroker_problems_total{type=\"unauthenticated\"} 1", "tokenbroker_tokens_served_total{token=\"zapper\"} 4",
                "tokenbroker_logins_total{token=\"zapper\",outcome=\"success\"} 1", "tokenbroker_token_usable{token=\"zapper\"} 1",
                "tokenbroker_connections_closed_total{reason=\"evicted\"} 0",
            ] { #expect(lines.contains(Substring(line)), "\(line)") }
            #expect(try await live.ask("GET", "/metrics", key: nil).status == 401)
        }
        try await LiveBroker.with({ $0 + "\nmetrics: {open: true}\n" }) { live in
            let answer = try await live.ask("GET", "/metrics", key: nil)
            #expect(answer.status == 200)
        }
    }
}
