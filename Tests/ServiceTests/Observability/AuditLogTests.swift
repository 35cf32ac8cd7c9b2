import Glibc
import JSON
import TestSupport
import Testing

/// What is written down about callers.
@Suite struct AuditLogTests {
    /// Adds settings to the only client of the shipped configuration.
    private static func client(_ settings: String) -> (String) -> String {
        { $0.replacing("    may: [admin]", with: "    may: [admin]\n    \(settings)") }
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

    @Test func `refusals for too many requests are one line a second`() async throws {
        try await LiveBroker.with({ $0 + "\nlimits: {refusals: 1/h}\n" }) { live in
            let began = ContinuousClock.now
            for _ in 0..<50 { _ = try await live.ask("GET", "/v1/tokens/zapper", key: "wrong") }
            #expect(
                await eventually {
                    _ = try? await live.ask("GET", "/livez")
                    return live.log.text.contains(" outcome=too-many-requests count=")
                })
            let lines = live.log.text.split(separator: "\n").filter { $0.contains("client=- ") }
            // One that is answered in full, and one a second for the others.
            let seconds = (ContinuousClock.now - began).components.seconds
            #expect(lines.count <= seconds + 3, "\(lines.count) lines in \(seconds) s")
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
}
