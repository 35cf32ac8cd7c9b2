import Foundation
import JSON
import PartnerSandbox
import TestSupport
import Testing

/// `/v1/overview` and the page that reads it, on a live broker.
@Suite struct OverviewTests {
    private static let reader = "  reader: {key_sha256: 3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30, tokens: [\"z*\"]}\n"

    private func page(_ live: LiveBroker, _ query: String = "") async throws -> JSONValue {
        let answer = try await live.ask("GET", "/v1/overview\(query)")
        #expect(answer.status == 200)
        return try #require(JSONValue(parsing: Array(answer.text.utf8)))
    }

    @Test func `it shows tokens, logins, callers, store and build, and never a token`() async throws {
        let live = try await LiveBroker()
        for name in ["zipteams", "pulsecrm"] { #expect(try await live.ask("GET", "/v1/tokens/\(name)?wait=30").status == 200) }
        let token = try #require(JSONValue(parsing: Array(try await live.ask("GET", "/v1/tokens/pulsecrm").text.utf8))?["access_token"]?.text)
        let text = try await live.ask("GET", "/v1/overview").text
        #expect(!text.contains(token) && !text.contains("sandbox-api-key"))
        let overview = try #require(JSONValue(parsing: Array(text.utf8)))
        guard case .array(let tokens)? = overview["tokens"], case .array(let hours)? = overview["logins"],
            case .array(let callers)? = overview["callers"]
        else { throw TestFailure("lists are missing: \(text)") }
        #expect(tokens.count == 6 && overview["tokens_total"] == .integer(6) && hours.count == 24)
        let pulsecrm = try #require(tokens.first { $0["name"] == "pulsecrm" })
        #expect(pulsecrm["served"]?.integerValue == 2 && pulsecrm["may_refresh"] == true)
        #expect(hours.last?["succeeded"]?.integerValue ?? 0 >= 2)
        let demo = try #require(callers.first { $0["name"] == "demo" })
        #expect(demo["requests"]?.integerValue ?? 0 >= 4 && demo["refused"] == .integer(0))
        #expect(overview["store"]?["kind"] == "memory" && overview["build"]?["version"] == "1.2.3")
        await live.stop()
    }

    @Test func `its list is bounded, and trouble comes first`() async throws {
        let live = try await LiveBroker(before: { $0.arm(Fault(.error), for: "sparrowsms") })
        while try await live.ask("GET", "/v1/tokens/sparrowsms/status").json["state"] != "failing" { await Task.yield() }
        for name in ["zipteams", "pulsecrm", "zetasafe", "zapper", "zapper-jo"] {
            #expect(try await live.ask("GET", "/v1/tokens/\(name)?wait=30").status == 200)
        }
        let overview = try await page(live, "?limit=1")
        guard case .array(let tokens)? = overview["tokens"] else { throw TestFailure("no list") }
        #expect(tokens.compactMap { $0["name"]?.text } == ["sparrowsms"])
        #expect(tokens.first?["last_failure"]?["advice"]?.text?.hasPrefix("Wait: logins go on") == true)
        #expect(overview["tokens_total"] == .integer(6) && overview["states"]?["fresh"] == .integer(5))
        let refused = try await live.ask("GET", "/v1/overview?limit=x")
        #expect(refused.status == 400 && refused.text.contains("limit must be a whole number from 0 to 100000"))
        await live.stop()
    }

    @Test func `only admins see it, and refusals are counted for their caller`() async throws {
        let live = try await LiveBroker { $0.replacing("\ntokens:\n", with: "\n\(Self.reader)\ntokens:\n", maxReplacements: 1) }
        #expect(try await live.ask("GET", "/v1/overview", key: "reader").status == 403)
        #expect(try await live.ask("GET", "/v1/overview", key: "nobody").status == 401)
        guard case .array(let callers)? = try await page(live)["callers"] else { throw TestFailure("no callers") }
        #expect(callers.first { $0["name"] == "reader" }?["refused"] == .integer(1))
        #expect(callers.first { $0["name"] == "-" }?["refused"] == .integer(1))
        await live.stop()
    }

    @Test func `the page runs its own script and style only, and asks nobody else`() async throws {
        let live = try await LiveBroker()
        let answer = try await live.ask("GET", "/", key: nil)
        #expect(answer.status == 200 && answer.text.utf8.count < 30_000)
        let policy = try #require(answer.field("Content-Security-Policy"))
        #expect(
            policy.hasPrefix("default-src 'none'; script-src 'sha256-") && policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"))
        #expect(answer.text.ranges(of: "<script>").count == 1 && answer.text.ranges(of: "<style>").count == 1)
        for word in [" onclick", " onload", "style=\"", "innerHTML", "http://", "https://"] {
            #expect(!answer.text.replacing("http://www.w3.org/2000/svg", with: "").contains(word), "\(word)")
        }
        await live.stop()
    }
}
