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
            let answer = try await live.ask("GET", "/metrics", headers: "Accept: application/openmetrics-text\r\n")
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
    }

    @Test func `who does not ask for OpenMetrics gets the text that promtool takes`() async throws {
        let prometheus = "Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.8\r\n"
        try await LiveBroker.with { live in
            _ = try await live.ask("GET", "/v1/tokens/zapper?wait=10")
            for accept in ["", "Accept: */*\r\n", prometheus] {
                let answer = try await live.ask("GET", "/metrics", headers: accept)
                #expect(answer.field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
                #expect(answer.text.contains("# TYPE tokenbroker_logins_total counter\n") && !answer.text.contains("# UNIT"))
                #expect(answer.text.contains("# TYPE tokenbroker_build_info gauge\n") && !answer.text.contains("# EOF"))
            }
            let text = try await live.ask("GET", "/metrics").text
            for name in ["process_start_time_seconds", "tokenbroker_last_reload_success_timestamp_seconds", "tokenbroker_last_reload_successful"] {
                #expect(text.contains("\n\(name) 1"), "\(name)")
            }
            #expect(text.contains("\ntokenbroker_token_last_login_timestamp_seconds{token=\"zapper\"} 1"))
            for line in text.split(separator: "\n") where !line.hasPrefix("#") {
                let name = line.prefix { $0 != "{" && $0 != " " }
                let family = ["_bucket", "_sum", "_count"].first { name.hasSuffix($0) }.map { name.dropLast($0.count) } ?? name
                #expect(text.contains("# HELP \(family) ") && text.contains("# TYPE \(family) "), "\(name)")
            }
        }
    }

    @Test func `large answers without tokens are compressed for those who take it`() async throws {
        try await LiveBroker.with { live in
            _ = try await live.ask("GET", "/v1/tokens/zapper?wait=10")
            let plain = try await live.ask("GET", "/metrics")
            #expect(plain.body.count > 8 * 1024 && plain.field("Vary") == "Accept, Accept-Encoding")
            for (accept, isCompressed) in [("gzip", true), ("br, gzip;q=0.5", true), ("*", true), ("gzip;q=0", false), ("br", false), ("", false)] {
                let answer = try await live.ask("GET", "/metrics", headers: "Accept-Encoding: \(accept)\r\n")
                #expect((answer.field("Content-Encoding") == "gzip") == isCompressed, "\(accept)")
                if isCompressed { #expect(answer.body.count * 3 < plain.body.count && answer.body.starts(with: [0x1F, 0x8B])) }
            }
            let token = try await live.ask("GET", "/v1/tokens/zapper?min_valid=1", headers: "Accept-Encoding: gzip\r\n")
            #expect(token.status == 200 && token.field("Content-Encoding") == nil)
        }
    }

    @Test func `metrics are open where the configuration says so`() async throws {
        try await LiveBroker.with({ $0 + "\nmetrics: {open: true}\n" }) { live in
            let answer = try await live.ask("GET", "/metrics", key: nil)
            #expect(answer.status == 200)
        }
    }
}
