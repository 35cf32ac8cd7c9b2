import Glibc
import JSON
import Observability
import Synchronization
import TestSupport
import Testing

/// What callers are held to, and what is written down about them.
@Suite struct CallerLimitTests {
    /// Adds settings to the only client of the shipped configuration.
    private static func client(_ settings: String) -> (String) -> String {
        { $0.replacing("    may: [admin]", with: "    may: [admin]\n    \(settings)") }
    }

    @Test func `beyond its rate a client gets 429 and is told when to come back`() async throws {
        try await LiveBroker.with(Self.client("limits: {requests: 3/h}")) { live in
            for _ in 0..<3 { #expect(try await live.ask("GET", "/v1/tokens/zapper").status == 200) }
            let answer = try await live.ask("GET", "/v1/tokens/zapper")
            #expect(answer.status == 429 && answer.slug == "too-many-requests")
            let pause = try #require(answer.field("Retry-After").flatMap { Int($0) })
            #expect((1100...1200).contains(pause))
            #expect(try await live.ask("GET", "/livez").status == 200)
        }
    }

    @Test func `beyond its requests in flight a client gets 429, and a place is given back`() async throws {
        try await LiveBroker.with(Self.client("limits: {in_flight: 1}")) { live in
            let etag = try #require(try await live.ask("GET", "/v1/tokens/zapper").field("ETag"))
            let address = live.address
            try await blocking {
                func ask(_ query: String, _ headers: String = "") throws -> RawClient {
                    let client = try #require(RawClient(address: address))
                    client.send(
                        "GET /v1/tokens/zapper?\(query) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(LiveBroker.key)\r\n\(headers)\r\n")
                    return client
                }
                let waiting = try ask("wait=2", "If-None-Match: \(etag)\r\n")
                #expect(try ask("wait=0").receive()?.status == 429)
                #expect(waiting.receive()?.status == 304)
                #expect(try ask("wait=0").receive()?.status == 200)
            }
        }
    }

    @Test func `after twenty refusals a second a stranger gets 429, and a known caller is served on`() async throws {
        try await LiveBroker.with({ $0 + "\nlimits: {refusals: 20/h}\n" }) { live in
            for _ in 0..<20 { #expect(try await live.ask("GET", "/v1/tokens/zapper", key: "wrong").status == 401) }
            let refused = try await live.ask("GET", "/v1/tokens/zapper", key: "wrong")
            #expect(refused.status == 429 && refused.field("Retry-After") != nil)
            #expect(try await live.ask("GET", "/v1/tokens/zapper").status == 200)
        }
    }

    @Test func `where no key could help, a user the kernel names is forbidden`() async throws {
        let own = String(geteuid())
        let byUser = { (yaml: String) in
            yaml.replacing(try! Regex("  demo:\\n    key_sha256: .*\\n"), with: "  other:\n    user: \"4242\"\n")
        }
        try await LiveBroker.with(byUser) { live in
            let answer = try await live.ask("GET", "/v1/tokens/zapper", key: nil)
            #expect(answer.status == 403 && answer.slug == "forbidden", "\(own): \(answer.text)")
            #expect(try await live.ask("GET", "/v1/tokens/zapper", key: "some").status == 401)
        }
    }

    @Test func `a reverse proxy's question is answered on its route alone`() async throws {
        let headers = "X-Forwarded-For: 10.1.2.3\r\nX-Forwarded-Proto: https\r\nVia: 1.1 caddy\r\nCookie: a=b\r\nOrigin: https://app.example\r\n"
        try await LiveBroker.with(Self.client("forward_auth: true")) { live in
            let answer = try await live.ask("GET", "/v1/tokens/pulsecrm/headers?wait=10", headers: headers)
            #expect(answer.status == 200 && answer.field("X-Account-ID") == "acc-9")
            #expect(answer.field("Authorization")?.hasPrefix("Bearer ") == true)
            #expect(try await live.ask("GET", "/v1/tokens/pulsecrm", headers: headers).slug == "forwarded-request")
            #expect(try await live.ask("POST", "/v1/tokens/pulsecrm/headers", headers: headers).slug == "forwarded-request")
            #expect(try await live.ask("GET", "/v1/tokens/pulsecrm/headers", key: nil, headers: headers).slug == "forwarded-request")
        }
        try await LiveBroker.with { live in
            let answer = try await live.ask("GET", "/v1/tokens/pulsecrm/headers", headers: headers)
            #expect(answer.slug == "forwarded-request")
        }
    }

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

    @Test func `the audit has a line for each token handed out or refused`() async throws {
        try await LiveBroker.with { live in
            let first = try await live.ask("GET", "/v1/tokens/zapper?wait=10")
            let fingerprint = try #require(first.json["fingerprint"]?.text)
            _ = try await live.ask("GET", "/v1/tokens/zapper")
            _ = try await live.ask("GET", "/v1/tokens/no%0Aone%22%20x")
            _ = try await live.ask("GET", "/v1/tokens/zapper", key: "wrong")
            let user = geteuid()
            let served = "audit client=demo uid=\(user) action=token token=zapper fingerprint=\(fingerprint) expires_in="
            #expect(
                await eventually {
                    live.log.text.split(separator: "\n").filter { $0.contains(served) && $0.contains(" outcome=served request=") }.count == 2
                })
            #expect(
                await eventually {
                    live.log.text.contains("audit client=demo uid=\(user) action=token token=\"no\\none\\\" x\" outcome=forbidden request=")
                })
            #expect(
                await eventually { live.log.text.contains("audit client=- uid=\(user) action=token token=zapper outcome=unauthenticated request=") })
            #expect(!live.log.text.contains(first.json["access_token"]?.text ?? "eyJ"))
        }
    }

    @Test func `a reader of standard error who does not read holds up nobody`() async {
        let valve = Mutex<Bool>(false)
        let seen = Mutex<[UInt8]>([])
        let output = StandardError { bytes in
            while !valve.withLock({ $0 }) { usleep(1000) }
            seen.withLock { $0 += bytes }
        }
        let line = [UInt8](repeating: 0x61, count: 100_000)
        for _ in 0..<100 { output.write(line, from: .strangers) }
        output.write(Array("kept\n".utf8), from: .log)
        #expect(output.lost.value >= 90)
        valve.withLock { $0 = true }
        #expect(await eventually { seen.withLock { String(decoding: $0, as: UTF8.self).contains("kept\n") } })
        #expect(await eventually { seen.withLock { String(decoding: $0, as: UTF8.self).contains("lines were lost") } })
    }

    @Test func `refusals for too many requests are one line a second`() async throws {
        try await LiveBroker.with({ $0 + "\nlimits: {refusals: 1/h}\n" }) { live in
            for _ in 0..<50 { _ = try await live.ask("GET", "/v1/tokens/zapper", key: "wrong") }
            #expect(
                await eventually {
                    _ = try? await live.ask("GET", "/livez")
                    return live.log.text.contains(" outcome=too-many-requests count=")
                })
            let lines = live.log.text.split(separator: "\n").filter { $0.contains("client=- ") }
            #expect(lines.count < 10, "\(lines.count)")
        }
    }

    @Test func `a browser on a token's route is a line of the audit, and a stranger's text does no harm there`() async throws {
        try await LiveBroker.with { live in
            #expect(try await live.ask("GET", "/v1/tokens/zapper", headers: "Origin: http://localhost\r\n").status == 403)
            #expect(await eventually { live.log.text.contains("audit client=demo") && live.log.text.contains("outcome=browser-request") })
            _ = try await live.ask("GET", "/v1/tokens/a%C2%85b%C2%9B31m%E2%80%A8c", key: nil)
            _ = try await live.ask("GET", "/v1/tokens/a" + String(repeating: "%CC%81", count: 2000), key: nil)
            #expect(await eventually { live.log.text.contains("token=\"a\\u{85}b\\u{9b}31m\\u{2028}c\"") })
            #expect(!live.log.text.contains("\u{301}"))
            #expect(!live.log.text.split(separator: "\n").contains { $0.utf8.count > 2000 })
        }
    }

    @Test func `forwarding fields are ignored on the headers route alone, whatever a token is called`() async throws {
        let named = { (yaml: String) in
            Self.client("forward_auth: true")(yaml).replacing("  zapper:\n    provider", with: "  headers:\n    provider").replacing(
                "{token: zapper}", with: "{token: headers}")
        }
        try await LiveBroker.with(named) { live in
            let asked = try await live.ask("GET", "/v1/tokens/headers/headers?wait=10", headers: "Via: 1.1 x\r\n")
            #expect(asked.status == 200)
            for path in ["/v1/tokens/headers", "/readyz/headers", "/problems/headers"] {
                let answer = try await live.ask("GET", path, headers: "Via: 1.1 x\r\n")
                #expect(answer.slug == "forwarded-request", "\(path)")
            }
        }
    }
}
