import Glibc
import JSON
import PartnerSandbox
import TestSupport
import Testing

/// Requests whose bytes the loop has answered before: they are answered without parsing, by the same rules.
@Suite struct RepeatedRequestTests {
    private static func message(_ target: String, key: String? = LiveBroker.key, _ fields: String = "") -> String {
        let authorization = key.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        return "GET \(target) HTTP/1.1\r\nHost: localhost\r\n\(authorization)\(fields)\r\n"
    }

    /// The answers to the same bytes on one connection, then on a new connection each.
    private func repeated(_ live: LiveBroker, _ message: String, times: Int = 4) async throws -> [RawClient.Answer] {
        let (address, omitsBody) = (live.address, message.hasPrefix("HEAD"))
        return try await blocking {
            func answer(_ client: RawClient) throws -> RawClient.Answer {
                client.send(message)
                guard let answer = client.receive(omitsBody: omitsBody) else { throw TestFailure("no answer to \(message)") }
                return answer
            }
            guard let kept = RawClient(address: address) else { throw TestFailure("no connection") }
            let onOne = try (0..<times).map { _ in try answer(kept) }
            return try onOne
                + (0..<times).map { _ in
                    guard let client = RawClient(address: address) else { throw TestFailure("no connection") }
                    return try answer(client)
                }
        }
    }

    @Test func `every shape has the same answer however often it comes`() async throws {
        try await LiveBroker.with { live in
            let tag = try await live.ask("GET", "/v1/tokens/zapper?wait=10").json["fingerprint"]?.text ?? ""
            for (method, target, fields, status) in ShapedRequestTests.shapes where method != "POST" {
                let message = Self.message(target, fields.replacing("TAG", with: tag)).replacing("GET", with: method)
                for answer in try await repeated(live, message) {
                    #expect(answer.status == status, "\(method) \(target) \(fields): \(answer.status)")
                    let routed = try await live.ask(method, target, headers: fields.replacing("TAG", with: tag) + "If-Match: *\r\n")
                    for name in ["Content-Type", "Content-Length", "ETag", "Vary", "Authorization", "Connection"] {
                        #expect(answer.field(name) == routed.field(name), "\(method) \(target) \(fields): \(name)")
                    }
                    if status == 200 { #expect(answer.json["access_token"] == routed.json["access_token"]) }
                }
            }
        }
    }

    @Test func `a key that differs by a byte is another key`() async throws {
        try await LiveBroker.with { live in
            let message = Self.message("/v1/tokens/zapper?wait=10")
            #expect(try await repeated(live, message).allSatisfy { $0.status == 200 })
            for key in ["test-kez", "test-keyy", ""] {
                let answers = try await repeated(live, message.replacing("test-key", with: key), times: 1)
                #expect(answers.allSatisfy { $0.status == 401 }, "\(key)")
            }
            let address = live.address
            let statuses = try await blocking {
                guard let client = RawClient(address: address) else { throw TestFailure("no connection") }
                return [message, message.replacing("test-key", with: "test-kez"), message, message + message.replacing("test-key", with: "x")].flatMap
                {
                    client.send($0)
                    return (0..<($0.count > message.count + 40 ? 2 : 1)).map { _ in client.receive()?.status ?? 0 }
                }
            }
            #expect(statuses == [200, 401, 200, 200, 401])
        }
    }

    @Test func `rules that change hold for requests that were answered before`() async throws {
        try await LiveBroker.with { live in
            let address = live.address
            let message = Self.message("/v1/tokens/zapper?wait=10")
            let client = try #require(RawClient(address: address))
            func status() async throws -> Int {
                try await blocking {
                    client.send(message)
                    return client.receive()?.status ?? 0
                }
            }
            for _ in 0..<4 { #expect(try await status() == 200) }
            try await live.reload { $0.replacing("tokens: [\"*\"]", with: "tokens: [zipteams]") }
            for _ in 0..<3 { #expect(try await status() == 403) }
            try await live.reload { $0 }
            for _ in 0..<4 { #expect(try await status() == 200) }
            try await live.reload { $0.replacing("  zapper:\n", with: "  renamed:\n").replacing("{token: zapper}", with: "{token: renamed}") }
            #expect(try await status() == 403)
            #expect(try await repeated(live, message).allSatisfy { $0.status == 403 })
        }
    }

    @Test func `a rate holds for the same bytes`() async throws {
        let limited: (String) -> String = { $0.replacing("    may: [admin]", with: "    may: [admin]\n    limits: {requests: 6/h}") }
        try await LiveBroker.with(limited) { live in
            let statuses = try await repeated(live, Self.message("/v1/tokens/zapper?wait=10")).map(\.status)
            #expect(statuses == [200, 200, 200, 200, 200, 200, 429, 429])
        }
    }

    @Test func `a renewed token is served to the same bytes, and a condition is compared again`() async throws {
        try await LiveBroker.with { live in
            let first = try await live.ask("GET", "/v1/tokens/zapper?wait=10")
            let condition = Self.message("/v1/tokens/zapper", "If-None-Match: \(first.field("ETag") ?? "")\r\n")
            #expect(try await repeated(live, condition).allSatisfy { $0.status == 304 })
            #expect(try await repeated(live, Self.message("/v1/tokens/zapper")).allSatisfy { $0.json["access_token"] == first.json["access_token"] })
            #expect(try await live.ask("POST", "/v1/tokens/zapper/refresh", body: "").status == 200)
            let changed = try await repeated(live, condition)
            #expect(changed.allSatisfy { $0.status == 200 && $0.json["access_token"] != first.json["access_token"] })
            let again = try await repeated(live, Self.message("/v1/tokens/zapper"))
            #expect(again.allSatisfy { $0.json["access_token"] == changed[0].json["access_token"] })
        }
    }

    @Test func `a request that ends its connection ends it each time`() async throws {
        try await LiveBroker.with { live in
            let address = live.address
            let message = Self.message("/v1/tokens/zapper?wait=10", "Connection: close\r\n")
            let closed = try await blocking {
                try (0..<4).map { _ in
                    guard let client = RawClient(address: address) else { throw TestFailure("no connection") }
                    client.send(message)
                    return client.receive()?.field("Connection") == "close" && client.isClosed()
                }
            }
            #expect(closed == [true, true, true, true])
        }
    }

    @Test func `what arrives behind the last request costs no answer`() async throws {
        try await LiveBroker.with { live in
            let tag = try await live.ask("GET", "/v1/tokens/zapper?wait=10").field("ETag") ?? ""
            // An answer is counted as waiting for a moment longer than its client waits for it.
            #expect(await eventually { live.waiting == 0 })
            let client = try #require(RawClient(address: live.address))
            client.send(Self.message("/v1/tokens/zapper?wait=5", "Connection: close\r\nIf-None-Match: \(tag)\r\n"))
            #expect(await eventually { live.waiting == 1 })
            client.send("\r\n")
            let address = live.address
            let statuses = try await blocking {
                try [client.receive()?.status]
                    + (0..<100).map { _ in
                        guard let client = RawClient(address: address) else { throw TestFailure("no connection") }
                        client.send(Self.message("/v1/tokens/zapper", "Connection: close\r\n"))
                        client.send("\r\n")
                        return client.receive()?.status
                    }
            }
            #expect(statuses == [304] + Array(repeating: 200, count: 100))
        }
    }

    // MARK: Combinations of per-request inputs

    private static let tenants: @Sendable (String) -> String = { yaml in
        yaml.replacing(
            "  zetasafe:\n",
            with: "  tenants:\n    provider: zipteams\n    per_request: {tenant_id: {pattern: \"[a-z]+\"}}\n    limit: 2\n"
                + "    inputs: {base_url: \"BASE/zipteams\", api_key: {value: sandbox-api-key}, api_secret: {value: sandbox-api-secret}, "
                + "sub_tenant_id: sales}\n  zetasafe:\n"
        )
        .replacing("BASE", with: yaml.firstMatch(of: #/(http://[0-9.:]+)/zipteams/#).map { String($0.1) } ?? "")
    }

    @Test func `each combination keeps to its own token, in any shape`() async throws {
        try await LiveBroker.with(Self.tenants) { live in
            var tokens: [JSONValue?] = []
            for tenant in ["acme", "other"] {
                let answers = try await repeated(live, Self.message("/v1/tokens/tenants?tenant_id=\(tenant)&wait=10"))
                #expect(answers.allSatisfy { $0.status == 200 && $0.json["access_token"] == answers[0].json["access_token"] })
                tokens.append(answers[0].json["access_token"])
                let headers = try await repeated(live, Self.message("/v1/tokens/tenants/headers?tenant_id=\(tenant)"))
                #expect(headers.allSatisfy { $0.field("Authorization") == "Bearer \(answers[0].json["access_token"]?.text ?? "")" })
                let condition = "If-None-Match: \(answers[0].field("ETag") ?? "")\r\n"
                let unchanged = try await repeated(live, Self.message("/v1/tokens/tenants?tenant_id=\(tenant)", condition))
                #expect(unchanged.allSatisfy { $0.status == 304 })
                let text = try await repeated(live, Self.message("/v1/tokens/tenants?tenant_id=\(tenant)", "Accept: text/plain\r\n"))
                #expect(text.allSatisfy { $0.text == "\(answers[0].json["access_token"]?.text ?? "")\n" })
            }
            #expect(tokens[0] != tokens[1])
            #expect(live.sandbox.count("zipteams").tokens == 3)
        }
    }

    @Test func `a combination that gave way, or that a new pattern excludes, is not served from memory`() async throws {
        try await LiveBroker.with(Self.tenants) { live in
            func ask(_ tenant: String) async throws -> [RawClient.Answer] {
                try await repeated(live, Self.message("/v1/tokens/tenants?tenant_id=\(tenant)&wait=10"))
            }
            let first = try await ask("acme")[0].json["access_token"]
            _ = try await ask("other")
            // The sandbox's limit is two: a third takes the place of the one that was asked for first.
            _ = try await ask("third")
            let again = try await ask("acme")
            #expect(again.allSatisfy { $0.status == 200 && $0.json["access_token"] != first })
            try await live.reload { $0.replacing("[a-z]+", with: "[b-z]+") }
            #expect(try await ask("acme").allSatisfy { $0.status == 400 })
        }
    }
}
