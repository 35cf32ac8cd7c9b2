import Foundation
import JSON
import TestSupport
import Testing
import TokenBrokerClient

/// Tokens where programs want them, by the built binaries.
@Suite struct SinkProcessTests {
    @Test func `a file and a command get the token, and get it anew when it changes`() async throws {
        try await blocking {
            let daemon = try Daemon { yaml, folder in
                yaml.replacing(
                    "  zapper:\n",
                    with: """
                          zapper:
                            sinks:
                              - {file: \(folder)/zapper.env, mode: "0640", template: "ZAPPER_TOKEN=%s"}
                              - {file: \(folder)/zapper.token}
                              - {command: [/bin/sh, -c, "cat >> \(folder)/heard; echo $TOKENBROKER_TOKEN >> \(folder)/heard"]}
                              - {file: \(folder)/missing/file}

                        """)
            }
            func token() -> String { daemon.get("/v1/tokens/zapper")?.json["access_token"]?.text ?? "" }
            func text(_ name: String) -> String { (try? TestFiles.text("\(daemon.folder)/\(name)")) ?? "" }
            let first = token()
            #expect(
                Daemon.soon {
                    text("zapper.env") == "ZAPPER_TOKEN=\(first)\n" && text("zapper.token") == "\(first)\n" && text("heard") == "\(first)\nzapper\n"
                })
            #expect(try FileManager.default.attributesOfItem(atPath: "\(daemon.folder)/zapper.env")[.posixPermissions] as? Int == 0o640)
            #expect(try daemon.wait(for: "token did not reach its sink").contains("\(daemon.folder)/missing/file"))
            #expect(daemon.get("/metrics")?.text.contains("tokenbroker_sink_failures_total{token=\"zapper\"}") == true)
            #expect(try daemon.command("refresh", "zapper").status == 0)
            let second = token()
            #expect(first != second)
            #expect(Daemon.soon { text("zapper.env") == "ZAPPER_TOKEN=\(second)\n" && text("heard").hasSuffix("\(second)\nzapper\n") })
            // A token that is given up is taken away.
            #expect(try daemon.command("revoke", "zapper").status == 0)
            #expect(Daemon.soon { !FileManager.default.fileExists(atPath: "\(daemon.folder)/zapper.token") })
            #expect(try TestFiles.names(daemon.folder).allSatisfy { !$0.hasSuffix(".new") })
        }
    }

    @Test func `on_failure is run when a login is latched`() async throws {
        try await blocking {
            let daemon = try Daemon { yaml, folder in
                yaml.replacing(
                    "  zapper:\n",
                    with:
                        "  zapper:\n    required: false\n    on_failure: {command: [/bin/sh, -c, 'echo $TOKENBROKER_TOKEN $TOKENBROKER_REASON >> \(folder)/told']}\n"
                )
            }
            #expect(try daemon.command("revoke", "zapper").status == 0)
            #expect(Daemon.soon { (try? TestFiles.text("\(daemon.folder)/told")) == "zapper lost\n" })
        }
    }

    @Test func `get speaks the protocols of other programs, and exec runs one with the token`() async throws {
        try await blocking {
            let daemon = try Daemon()
            let token = daemon.get("/v1/tokens/zapper")?.json["access_token"]?.text ?? ""
            func get(_ format: String) throws -> String { try daemon.command("get", "zapper", "--format", format).output }
            #expect(try get("bare") == "\(token)\n" && get("keyring") == "\(token)\n")
            #expect(try get("header") == "Authorization: Bearer \(token)\n")
            #expect(try get("env") == "ZAPPER_TOKEN='\(token)'\n")
            #expect(try get("curl") == "header = \"Authorization: Bearer \(token)\"\n")
            #expect(try get("git").hasPrefix("username=x-access-token\npassword=\(token)\npassword_expiry_utc="))
            let docker = JSONValue(parsing: Array(try get("docker").utf8))
            #expect(docker?["Secret"] == .string(token) && docker?["Username"] == "token")
            let plugin = JSONValue(parsing: Array(try get("kubectl").utf8))
            #expect(plugin?["kind"] == "ExecCredential" && plugin?["status"]?["token"] == .string(token))
            #expect(plugin?["status"]?["expirationTimestamp"]?.text?.hasSuffix("Z") == true)
            let aws = try daemon.command("get", "zapper", "--format", "aws")
            #expect(aws.status == 65 && aws.errors.contains("AccessKeyId"))
            let run = try daemon.command("exec", "zapper", "--", "/bin/sh", "-c", "echo $ZAPPER_TOKEN; exit 7")
            #expect(run.status == 7 && run.output == "\(token)\n")
            #expect(try daemon.command("exec", "zapper", "--as", "T", "--", "/bin/sh", "-c", "echo $T").output == "\(token)\n")
            #expect(try daemon.command("exec", "zapper", "--", "/nowhere/program").status == 127)
            #expect(try daemon.command("exec", "zapper").status == 64)
        }
    }

    @Test func `the client library gets a token, and another one after a rejection`() async throws {
        try await blocking {
            let daemon = try Daemon { yaml, folder in
                yaml.replacing("  - tcp: 127.0.0.1:0", with: "  - tcp: 127.0.0.1:0\n  - unix: \(folder)/open/api.sock")
            }
            let (address, key, socket) = (daemon.address, "\(daemon.folder)/key", "\(daemon.folder)/open/api.sock")
            try Daemon.finish { try await Self.useClient(address, key, socket) }
            let example = try TestFiles.run(
                Daemon.binary("client-example"), ["zapper"], environment: ["TOKENBROKER_URL": "http://\(address)", "TOKENBROKER_KEY_FILE": key])
            #expect(example.status == 0 && example.output.contains("it is sent in Authorization"), "\(example)")
        }
    }

    private static func useClient(_ address: String, _ key: String, _ socket: String) async throws {
        for url in ["http://\(address)", "unix:\(socket)"] {
            let client = try TokenBrokerClient(url: url, keyFile: key)
            let token = try await client.token("zapper", minValid: .seconds(1))
            #expect(token.headers["Authorization"] == "Bearer \(token.value)" && token.expiresIn ?? .zero > .seconds(60))
            let other = try await client.token("pulsecrm")
            #expect(other.values["account_id"] == "acc-9")
            await #expect(throws: TokenBrokerError.self) { try await client.token("nobody") }
        }
        let client = try TokenBrokerClient(url: "http://\(address)", keyFile: key)
        let calls = CallLog()
        let status = try await client.withToken("zapper", status: { $0 }) { token in calls.add(token.fingerprint) == 1 ? 401 : 200 }
        #expect(status == 200 && calls.fingerprints.count == 2 && Set(calls.fingerprints).count == 2)
        #expect(throws: TokenBrokerError.self) { try TokenBrokerClient(url: "https://example.com") }
    }
}
