import Foundation
import JSON
import TestSupport
import Testing

/// An operator pauses, resumes and revokes a token.
@Suite struct HoldProcessTests {
    /// The daemon with a store and an entry whose provider ends sessions.
    private static func daemon() throws -> Daemon {
        try Daemon { yaml, folder in
            let url = yaml.firstMatch(of: #/http://127\.0\.0\.1:\d+/#).map { String($0.output) } ?? ""
            return """
                \(yaml)
                  session:
                    provider: session
                    inputs: {base_url: "\(url)", client_id: sandbox-client, client_secret: {value: sandbox-client-secret}}
                providers:
                  - provider: session
                    inputs: {base_url: {kind: url}, client_id: {}, client_secret: {secret: true}}
                    login:
                      - {method: POST, url: "{base_url}/oauth2/token", form: {grant_type: client_credentials, client_id: "{client_id}", client_secret: "{client_secret}"}}
                    token: {from: {json: /access_token}, expires: [{json: /expires_in, unit: seconds}]}
                    logout: {method: POST, url: "{base_url}/_sandbox/revocations/oauth2", headers: {Authorization: "Bearer {token}"}}
                store: {sqlite: \(folder)/tokens.db}
                """
        }
    }

    @Test func `a paused token is served, makes no login, and stays paused over a restart`() async throws {
        try await blocking {
            let daemon = try Self.daemon()
            let paused = try daemon.command("pause", "pulsecrm")
            #expect(paused.status == 0 && paused.output.contains("paused"), "\(paused)")
            let count = try daemon.requests(at: "pulsecrm")
            #expect(try daemon.command("get", "pulsecrm").status == 0)
            let refused = try daemon.command("refresh", "pulsecrm")
            #expect(refused.status == 75 && refused.errors.contains("an operator has paused this token"), "\(refused)")
            daemon.signal(SIGKILL)
            _ = daemon.end()
            try daemon.launch()
            #expect(try daemon.command("list").output.contains(#/pulsecrm +pulsecrm +paused/#))
            #expect(try daemon.command("get", "pulsecrm").status == 0)
            #expect(try daemon.requests(at: "pulsecrm") == count)
            #expect(try daemon.command("resume", "pulsecrm").output.contains("fresh"))
            #expect(try daemon.command("refresh", "pulsecrm").status == 0)
            #expect(try daemon.requests(at: "pulsecrm") != count)
        }
    }

    @Test func `a revoked token is gone here, at the partner and after a restart, until it is resumed`() async throws {
        try await blocking {
            let daemon = try Self.daemon()
            let token = try daemon.command("get", "session").output.trimmingCharacters(in: .newlines)
            #expect(try daemon.isValid(token))
            let revoked = try daemon.command("revoke", "session")
            #expect(revoked.status == 0 && revoked.output.contains("its session at the partner is ended"), "\(revoked)")
            #expect(try !daemon.isValid(token))
            for _ in 0..<2 {
                let refused = try daemon.command("get", "session")
                #expect(refused.status == 75 && refused.errors.contains("an operator has revoked this token"), "\(refused)")
                daemon.signal(SIGTERM)
                #expect(daemon.end() == 0)
                try daemon.launch()
            }
            #expect(try daemon.command("resume", "session").status == 0)
            let next = try daemon.command("get", "session").output.trimmingCharacters(in: .newlines)
            #expect(try next != token && daemon.isValid(next))
            let nothing = try daemon.command("revoke", "zapper")
            #expect(nothing.status == 0 && nothing.output.contains("the partner was not told"), "\(nothing)")
        }
    }

    @Test func `only an administrator holds a token`() async throws {
        try await blocking {
            let daemon = try Daemon { yaml, _ in yaml.replacing("may: [admin]", with: "may: [read, refresh]") }
            for verb in ["pause", "resume", "revoke"] { #expect(try daemon.command(verb, "zapper").status == 77) }
        }
    }
}

extension Daemon {
    /// Whether the sandbox takes a token.
    fileprivate func isValid(_ token: String) throws -> Bool {
        guard let client = RawClient(address: sandboxURL.replacing("http://", with: "")) else { throw TestFailure("the sandbox does not answer") }
        client.send("GET /_sandbox/tokens?token=\(token) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return JSONValue(parsing: client.receive()?.body ?? [])?["valid"] == .bool(true)
    }
}
