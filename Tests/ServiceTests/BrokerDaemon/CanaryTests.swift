import Broker
import JSON
import PartnerSandbox
import TestSupport
import Testing
import Tokens

/// No secret and no token in any log, at any level, whatever fails.
@Suite struct CanaryTests {
    static let secrets = ["sandbox-api-key", "sandbox-api-secret", "sandbox-api-token", "sandbox-partner-token", "sandbox-password", LiveBroker.key]

    static let faults: [Fault?] = [
        nil, Fault(.throttle, retryAfter: 1), Fault(.error), Fault(.errorBody), Fault(.sameToken), Fault(.slow, delayMilliseconds: 1500), Fault(.cut),
        Fault(.malformed), Fault(.skewedDate, offset: 90_000),
    ]

    @Test func `no secret is logged or answered on any failure path`() async throws {
        for fault in Self.faults {
            let change = { (yaml: String) in yaml.replacing("organisation_id: org-42", with: "organisation_id: org-42\n    timeout: 1s") }
            try await LiveBroker.with(change) { live in
                #expect(await eventually { await live.broker.statuses().allSatisfy { $0.fingerprint != nil } })
                var tokens: [String] = []
                for name in ["zipteams", "zetasafe", "zapper", "zapper-jo", "sparrowsms", "pulsecrm"] {
                    tokens.append(try #require(try await live.ask("GET", "/v1/tokens/\(name)").json["access_token"]?.text))
                }
                for partner in ["zipteams", "zetasafe", "zapper-service", "zapper-customer", "sparrowsms", "pulsecrm"] {
                    live.sandbox.arm(fault, for: partner)
                }
                var said = ""
                for name in ["zipteams", "zetasafe", "zapper", "zapper-jo", "sparrowsms", "pulsecrm"] {
                    said += try await live.ask("POST", "/v1/tokens/\(name)/refresh").text
                    said += try await live.ask("GET", "/v1/tokens/\(name)/status").text
                    said += try await live.ask("GET", "/v1/tokens/\(name)?min_valid=34560000").text
                    tokens.append(try await live.ask("GET", "/v1/tokens/\(name)", headers: "Accept: text/plain\r\n").text.trimmingSuffix)
                }
                said += try await live.ask("GET", "/v1/tokens").text + live.log.text
                for canary in Self.secrets + tokens where !canary.isEmpty {
                    #expect(!said.contains(canary), "\(canary) after \(String(describing: fault?.kind))")
                }
                #expect(live.log.text.contains("token adopted"))
            }
        }
    }

    /// Partners that repeat what they were sent: their words reach the operator without it.
    static let echoes: [(change: String, to: String, token: String)] = [
        ("password: {value: sandbox-password}\n      admin_client_id", "password: {value: canary-password-9}\n      admin_client_id", "zetasafe"),
        ("partner_token: {value: sandbox-partner-token}", "partner_token: {value: canary-partner-7}", "sparrowsms"),
    ]

    @Test(arguments: echoes) func `wrong secrets are not shown either`(change: String, to: String, token: String) async throws {
        try await LiveBroker.with({ $0.replacing(change, with: to) }) { live in
            let answer = try await live.ask("GET", "/v1/tokens/\(token)?wait=3")
            #expect(answer.slug == "credentials-rejected", "\(answer.text)")
            let said = answer.text + live.log.text + (try await live.ask("GET", "/v1/tokens/\(token)/status").text)
            #expect(!said.contains("canary-"))
        }
    }
}

extension String {
    fileprivate var trimmingSuffix: String { hasSuffix("\n") ? String(dropLast()) : self }
}
