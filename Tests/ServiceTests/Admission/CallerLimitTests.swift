import Glibc
import TestSupport
import Testing

/// What callers are held to, on a live socket.
@Suite struct CallerLimitTests {
    /// Adds settings to the only client of the shipped configuration.
    private static func client(_ settings: String) -> (String) -> String {
        { $0.replacing("    may: [admin]", with: "    may: [admin]\n    \(settings)") }
    }

    @Test func `beyond its rate a client gets 429 and the time to retry`() async throws {
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
                // What is answered at once from memory is never in flight; another wait would be.
                #expect(try ask("wait=0", "If-None-Match: \(etag)\r\n").receive()?.status == 429)
                #expect(try ask("wait=0").receive()?.status == 200)
                #expect(waiting.receive()?.status == 304)
                #expect(try ask("wait=0", "If-None-Match: \(etag)\r\n").receive()?.status == 304)
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
