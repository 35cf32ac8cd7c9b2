import Broker
import JSON
import PartnerSandbox
import TestSupport
import Testing
import Time
import Tokens

/// The contract, on a real socket over the sandbox partners.
@Suite struct TokenEndpointsTests {
    @Test func `all six tokens are served as the contract says`() async throws {
        try await LiveBroker.with { live in
            for name in ["zipteams", "zetasafe", "zapper", "zapper-jo", "sparrowsms", "pulsecrm"] {
                let answer = try await live.ask("GET", "/v1/tokens/\(name)")
                #expect(answer.status == 200, "\(answer.text)")
                let token = try #require(answer.json["access_token"]?.text)
                #expect(live.sandbox.isValid(token))
                let header = name == "zetasafe" ? answer.json["headers"]?["x-auth-token"] : answer.json["headers"]?["Authorization"]
                #expect(header?.text == (name == "zetasafe" ? token : "Bearer \(token)"))
                #expect(answer.field("ETag") == "W/\"\(answer.json["fingerprint"]?.text ?? "")\"")
                for (field, value) in [
                    ("Cache-Control", "no-store"), ("Pragma", "no-cache"), ("Vary", "Accept"), ("Content-Type", "application/json"),
                ] {
                    #expect(answer.field(field) == value)
                }
                #expect((answer.json["expires_in"]?.integerValue ?? 0) > 800)
                #expect(answer.json["state"] == "fresh")
                #expect(answer.json["token_type"] == "Bearer")
                #expect(answer.json["issued_at"]?.text.flatMap { CalendarTime.parseRFC3339($0) } != nil)
                #expect(answer.json["expires_at"]?.text.flatMap { CalendarTime.parseRFC3339($0) } != nil)
            }
            #expect(try await live.ask("GET", "/v1/tokens/pulsecrm").json["values"]?["account_id"] == "acc-9")
            #expect(live.sandbox.count("zapper-service").tokens == 1)
        }
    }

    /// A connection with a long poll for another token than the one there is.
    private func longPoll(_ live: LiveBroker) async throws -> RawClient {
        let waiting = live.waiting
        let tag = try await live.ask("GET", "/v1/tokens/zapper").field("ETag") ?? ""
        // An answer counts for a moment after it has been sent.
        #expect(await eventually { live.waiting <= waiting })
        let client = try #require(RawClient(address: live.address))
        let lines = ["GET /v1/tokens/zapper?wait=30 HTTP/1.1", "Host: localhost", "Authorization: Bearer \(LiveBroker.key)", "If-None-Match: \(tag)"]
        client.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
        return client
    }

    @Test func `a wait ends with its connection`() async throws {
        try await LiveBroker.with { live in
            var clients: [RawClient] = []
            for number in 1...5 {
                clients.append(try await longPoll(live))
                #expect(await eventually { live.waiting == number })
            }
            clients = []
            #expect(await eventually { live.waiting == 0 })
            // A program that has sent everything and waits has not left.
            let client = try await longPoll(live)
            #expect(await eventually { live.waiting == 1 })
            client.finish()
            #expect(try await live.ask("POST", "/v1/tokens/zapper/refresh").status == 200)
            let answer = try await blocking { client.receive() }
            #expect(answer?.status == 200)
        }
    }

    @Test(arguments: [("  demo:\n", "  other:\n"), ("tokens: [\"*\"]", "tokens: [zipteams]"), ("may: [admin]", "may: [admin]\n    user: daemon")])
    func `a wait ends with the reload that takes its caller's right`(part: String, instead: String) async throws {
        try await LiveBroker.with { live in
            let client = try await longPoll(live)
            #expect(await eventually { live.waiting == 1 })
            try await live.reload { $0.replacing("audit: true", with: "audit: false") }
            #expect(live.waiting == 1)
            try await live.reload { $0.replacing(part, with: instead) }
            let answer = try await blocking { client.receive() }
            #expect(answer?.status == 403, "\(answer?.text ?? "none")")
            #expect(await eventually { live.waiting == 0 })
        }
    }

    @Test func `three hundred callers at once cause one login and get equal answers`() async throws {
        try await LiveBroker.with(before: { $0.arm(Fault(.slow, delayMilliseconds: 500), for: "pulsecrm") }) { live in
            let tokens = try await withThrowingTaskGroup { group in
                for _ in 0..<300 { group.addTask { try await live.ask("GET", "/v1/tokens/pulsecrm?wait=20").json["access_token"]?.text ?? "none" } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(tokens.count == 1)
            #expect(!tokens.contains("none"))
            #expect(live.sandbox.count("pulsecrm").requests == 1)
        }
    }

    @Test func `conditions, text, headers and HEAD`() async throws {
        try await LiveBroker.with { live in
            let answer = try await live.ask("GET", "/v1/tokens/zapper")
            let token = try #require(answer.json["access_token"]?.text)
            let tag = try #require(answer.field("ETag"))
            #expect(try await live.ask("GET", "/v1/tokens/zapper", headers: "If-None-Match: \(tag)\r\n").status == 304)
            #expect(try await live.ask("GET", "/v1/tokens/zapper", headers: "If-None-Match: W/\"000000000000\"\r\n").status == 200)
            #expect(try await live.ask("GET", "/v1/tokens/zapper?wait=0", headers: "If-None-Match: \(tag)\r\n").status == 304)
            let listed = try await live.ask("GET", "/v1/tokens/zapper", headers: "If-None-Match: \"aaa\"\r\nIf-None-Match: \(tag)\r\n")
            #expect(listed.status == 304)
            #expect(listed.field("ETag") == tag)
            #expect(try await live.ask("GET", "/v1/tokens/zapper", headers: "If-None-Match: *\r\n").field("ETag") == tag)
            let text = try await live.ask("GET", "/v1/tokens/zapper", headers: "Accept: text/plain\r\n")
            #expect(text.text == "\(token)\n")
            #expect(text.field("Content-Type") == "text/plain")
            let headers = try await live.ask("GET", "/v1/tokens/zapper/headers")
            #expect(headers.field("Authorization") == "Bearer \(token)")
            #expect(headers.body.isEmpty)
            let head = try await live.ask("HEAD", "/v1/tokens/zapper")
            #expect(head.status == 200)
            #expect(head.field("Content-Length") == String(answer.body.count))
        }
    }

    @Test func `expires_in is right each second from rendered bytes, and the token is renewed before its end`() async throws {
        try await LiveBroker.with({ $0 }, before: { $0.setLifetime(8, for: "zapper-service") }) { live in
            var seen: Set<String> = []
            let end = ContinuousClock.now + .seconds(120)
            while ContinuousClock.now < end, seen.count < 2 {
                try await Task.sleep(for: .milliseconds(20))
                let answer = try await live.ask("GET", "/v1/tokens/zapper")
                guard answer.status == 200 else {
                    Issue.record("\(answer.text)")
                    break
                }
                let token = try #require(answer.json["access_token"]?.text)
                #expect(live.sandbox.isValid(token))
                #expect((1...8).contains(answer.json["expires_in"]?.integerValue ?? 0))
                seen.insert(token)
            }
            #expect(seen.count >= 2)
        }
    }

    @Test func `refresh brings another token, to who may`() async throws {
        try await LiveBroker.with { live in
            let first = try await live.ask("GET", "/v1/tokens/zapper").json["fingerprint"]?.text
            let refreshed = try await live.ask("POST", "/v1/tokens/zapper/refresh")
            #expect(refreshed.status == 200, "\(refreshed.text)")
            #expect(refreshed.json["fingerprint"]?.text != first)
            #expect(!refreshed.text.contains("access_token"))
            let again = try await live.ask("POST", "/v1/tokens/zapper/refresh")
            #expect(again.slug == "too-many-requests")
            #expect(again.field("Retry-After") == "10")
        }
    }

    @Test func `a rejection report replaces the token once, and PulseCRM's own word decides`() async throws {
        try await LiveBroker.with { live in
            @Sendable func report(_ name: String, _ fingerprint: String) async throws -> String? {
                try await live.ask("POST", "/v1/tokens/\(name)/rejections", body: "{\"fingerprint\":\"\(fingerprint)\",\"status\":401}").json[
                    "action"]?.text
            }
            let zapper = try #require(try await live.ask("GET", "/v1/tokens/zapper").json["fingerprint"]?.text)
            #expect(try await report("zapper", zapper) == "refreshing")
            let next = try await live.ask("GET", "/v1/tokens/zapper?wait=10", headers: "If-None-Match: \"\(zapper)\"\r\n")
            #expect(next.status == 200)
            #expect(try await report("zapper", zapper) == "already_replaced")
            let pulse = try #require(try await live.ask("GET", "/v1/tokens/pulsecrm").json["fingerprint"]?.text)
            #expect(try await report("pulsecrm", pulse) == "ignored")
            live.sandbox.revoke("pulsecrm")
            // One question to the partner in a second; the next report asks it again.
            #expect(await eventually { (try? await report("pulsecrm", pulse)) == "refreshing" })
        }
    }

    @Test func `min_valid is met, waited for or refused`() async throws {
        try await LiveBroker.with { live in
            _ = try await live.ask("GET", "/v1/tokens/zapper")
            #expect(try await live.ask("GET", "/v1/tokens/zapper?min_valid=600").status == 200)
            let beyond = try await live.ask("GET", "/v1/tokens/zapper?min_valid=901")
            #expect(beyond.status == 409)
            #expect(beyond.slug == "min-valid-unreachable")
        }
    }

    @Test func `actions run once and only as they are described`() async throws {
        try await LiveBroker.with { live in
            _ = try await live.ask("GET", "/v1/tokens/zapper")
            let done = try await live.ask("POST", "/v1/tokens/zapper-jo/actions/register", body: "{\"user_id\":\"u1\"}")
            #expect(done.json["status"] == 200, "\(done.text)")
            #expect(try await live.ask("POST", "/v1/tokens/zapper-jo/actions/register", body: "{}").slug == "invalid-parameter")
            #expect(
                try await live.ask("POST", "/v1/tokens/zapper-jo/actions/register", body: "{\"user_id\":\"u\",\"x\":\"y\"}").slug
                    == "invalid-parameter")
            #expect(try await live.ask("POST", "/v1/tokens/zapper-jo/actions/erase").slug == "not-found")
        }
    }

    /// How each failure of a partner's login is reported to a caller.
    static let failures: [(fault: Fault, slug: String, status: Int)] = [
        (Fault(.throttle, retryAfter: 30), "partner-throttled", 503), (Fault(.throttle), "partner-throttled", 503),
        (Fault(.error), "partner-unavailable", 503),
        (Fault(.errorBody), "bad-partner-reply", 502), (Fault(.cut), "partner-unavailable", 503), (Fault(.malformed), "bad-partner-reply", 502),
        (Fault(.slow, delayMilliseconds: 3000), "partner-timeout", 504),
    ]

    @Test(arguments: failures) func `each failure of a partner has its own problem`(fault: Fault, slug: String, status: Int) async throws {
        let change = { (yaml: String) in yaml.replacing("organisation_id: org-42", with: "organisation_id: org-42\n    timeout: 1s") }
        try await LiveBroker.with(change, before: { $0.arm(fault, for: "zapper-service") }) { live in
            #expect(await eventually { await live.broker.statuses().first { $0.name == "zapper" }?.lastFailure != nil })
            let answer = try await live.ask("GET", "/v1/tokens/zapper?wait=0")
            #expect(answer.status == status, "\(answer.text)")
            #expect(answer.slug == slug)
            #expect(answer.field("Content-Type") == "application/problem+json")
            #expect(answer.json["token"] == "zapper")
            #expect((answer.field("Retry-After") != nil) == (status == 503))
            #expect(!answer.text.contains("Too Many") && !answer.text.contains("something went wrong"))
            let chained = try await live.ask("GET", "/v1/tokens/zapper-jo?wait=0")
            #expect(chained.status >= 500)
        }
    }

    @Test func `wrong credentials are reported as such, and the partner is left in peace`() async throws {
        try await LiveBroker.with({
            $0.replacing("api_token: {value: sandbox-api-token}\n      organisation_id", with: "api_token: {value: wrong}\n      organisation_id")
        }) { live in
            let answer = try await live.ask("GET", "/v1/tokens/zapper?wait=3")
            #expect(answer.slug == "credentials-rejected", "\(answer.text)")
            #expect(live.sandbox.count("zapper-service").requests == 1)
        }
    }
}
