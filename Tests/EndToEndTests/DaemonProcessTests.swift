import BrokerCore
import Foundation
import TestSupport
import Testing

/// The built binaries, as their users run them.
final class Daemon {
    let folder: String
    private let sandbox = Process()
    private let daemon = Process()
    private(set) var address = ""
    private(set) var sandboxURL = ""
    var log: String { (try? TestFiles.text("\(folder)/daemon.log")) ?? "" }

    static let binaries =
        Bundle.main.bundlePath.hasSuffix(".xctest") ? (Bundle.main.bundlePath as NSString).deletingLastPathComponent : Bundle.main.bundlePath

    static func binary(_ name: String) -> String {
        for folder in [binaries, "\(Repository.root)/.build/debug"] where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)") {
            return "\(folder)/\(name)"
        }
        return name
    }

    init(lifetimes: [String] = [], change: (String) -> String = { $0 }) throws {
        folder = try TestFiles.scratch()
        try start(sandbox, "partner-sandbox", ["--port", "0"] + lifetimes.flatMap { ["--lifetime", $0] }, log: "sandbox.log")
        sandboxURL = try wait(for: "partner-sandbox: ", in: "sandbox.log")
        let shipped = try TestFiles.text("config/config.yaml").replacing("http://127.0.0.1:8700", with: sandboxURL).replacing(
            "127.0.0.1:8653", with: "127.0.0.1:0")
        try TestFiles.write(change(shipped), to: "\(folder)/config.yaml")
        try TestFiles.write("demo\n", to: "\(folder)/key")
        try start(daemon, "tokenbroker", ["serve", "--config", "\(folder)/config.yaml", "--log-level", "debug"], log: "daemon.log")
        address = try wait(for: "listening address=", in: "daemon.log")
        _ = try wait(for: "notice ready", in: "daemon.log")
    }

    deinit {
        for process in [daemon, sandbox] where process.isRunning { kill(process.processIdentifier, SIGKILL) }
        TestFiles.remove(folder)
    }

    private func start(_ process: Process, _ name: String, _ arguments: [String], log: String) throws {
        _ = FileManager.default.createFile(atPath: "\(folder)/\(log)", contents: nil)
        process.executableURL = URL(fileURLWithPath: Self.binary(name))
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: "\(folder)/\(log)")
        process.standardError = FileHandle(forWritingAtPath: "\(folder)/\(log)")
        try process.run()
    }

    private func wait(for text: String, in file: String) throws -> String {
        let end = Date().addingTimeInterval(20)
        while Date() < end {
            for line in try TestFiles.text("\(folder)/\(file)").split(separator: "\n") {
                if let range = line.range(of: text) { return String(line[range.upperBound...]) }
            }
            usleep(5000)
        }
        throw TestFailure("\(text) did not come: \(try TestFiles.text("\(folder)/\(file)"))")
    }

    /// Runs the command line against this daemon.
    func command(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
        try TestFiles.run(
            Self.binary("tokenbroker"), arguments, environment: ["TOKENBROKER_URL": "http://\(address)", "TOKENBROKER_KEY_FILE": "\(folder)/key"])
    }

    func get(_ target: String) -> RawClient.Answer? {
        guard let client = RawClient(address: address) else { return nil }
        client.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer demo\r\n\r\n")
        return client.receive()
    }

    func signal(_ number: Int32) { kill(daemon.processIdentifier, number) }

    func end() -> Int32 {
        daemon.waitUntilExit()
        return daemon.terminationStatus
    }
}

@Suite struct DaemonProcessTests {
    @Test func `the daemon serves six tokens, and the command line tells of them`() async throws {
        try await blocking {
            let daemon = try Daemon()
            for name in ["zipteams", "zetasafe", "zapper", "zapper-jo", "sparrowsms", "pulsecrm"] {
                #expect(daemon.get("/v1/tokens/\(name)")?.status == 200)
                #expect(try daemon.command("get", name).output.count > 20)
            }
            let header = try daemon.command("get", "pulsecrm", "--header")
            #expect(header.output.hasPrefix("Authorization: Bearer ") && header.output.contains("\nX-Account-ID: acc-9\n"))
            #expect(try daemon.command("list").output.split(separator: "\n").count == 7)
            #expect(try daemon.command("status").output.contains("in 9 min"))
            #expect(try daemon.command("status", "zapper").output.contains("next refresh"))
            #expect(try daemon.command("refresh", "zapper").status == 0)
            #expect(try daemon.command("call", "zapper-jo", "register", "user_id=u1").output.contains("200"))
            let unknown = try daemon.command("get", "nobody")
            #expect(unknown.status == 77)
            #expect(unknown.errors.contains("Not allowed"))
            #expect(try daemon.command("get", "zapper", "--min-valid", "999999").status == 64)
        }
    }

    @Test func `SIGTERM ends every wait at once and exits 0`() async throws {
        try await blocking {
            let daemon = try Daemon()
            let poll = try #require(RawClient(address: daemon.address))
            let fingerprint = daemon.get("/v1/tokens/zapper")?.field("ETag") ?? ""
            poll.send(
                "GET /v1/tokens/zapper?wait=30 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer demo\r\nIf-None-Match: \(fingerprint)\r\n\r\n")
            usleep(100_000)
            let start = Date()
            daemon.signal(SIGTERM)
            let answer = poll.receive()
            #expect(answer?.status == 503)
            #expect(answer?.text.contains("shutting-down") == true)
            #expect(daemon.end() == 0)
            #expect(Date().timeIntervalSince(start) < 9)
        }
    }

    @Test func `SIGHUP takes a new configuration, a faulty one changes nothing`() async throws {
        try await blocking {
            let daemon = try Daemon()
            let path = "\(daemon.folder)/config.yaml"
            let before = daemon.get("/v1/tokens/zapper")?.text
            let good = try TestFiles.text(path)
            try TestFiles.write(good + "  - nonsense", to: path)
            let refused = try daemon.command("reload")
            #expect(refused.status == 64)
            #expect(refused.errors.contains("config.yaml:"))
            #expect(daemon.get("/v1/tokens/zapper")?.text.prefix(60) == before?.prefix(60))
            try TestFiles.write(good.replacing("  zetasafe:", with: "  zeta-two:"), to: path)
            daemon.signal(SIGHUP)
            let end = Date().addingTimeInterval(10)
            while daemon.get("/v1/tokens/zeta-two?wait=5")?.status != 200, Date() < end { usleep(20_000) }
            #expect(daemon.get("/v1/tokens/zeta-two")?.status == 200)
            while daemon.get("/v1/tokens/zetasafe")?.status == 200, Date() < end { usleep(20_000) }
            #expect(daemon.get("/v1/tokens/zetasafe")?.status == 403)
            #expect(daemon.get("/v1/tokens/zapper")?.text.prefix(60) == before?.prefix(60))
        }
    }

    @Test func `a wrong configuration lists every fault and exits 78, starting nothing`() async throws {
        try await blocking {
            let folder = try TestFiles.scratch()
            defer { TestFiles.remove(folder) }
            try TestFiles.write("listen:\n  - tcp: 0.0.0.0:1\ntokens:\n  a: {provider: nobody}\n", to: "\(folder)/config.yaml")
            let result = try TestFiles.run(Daemon.binary("tokenbroker"), ["serve", "--config", "\(folder)/config.yaml"])
            #expect(result.status == 78)
            #expect(result.errors.contains("config.yaml:2:10: listen[0].tcp: must be a loopback address"))
            #expect(result.errors.contains("config.yaml:4:17: tokens.a.provider: there is no provider nobody"))
            #expect(try TestFiles.run(Daemon.binary("tokenbroker"), ["check", "--config", "/nowhere.yaml"]).status == 78)
        }
    }

    @Test func `check tries secrets and logins`() async throws {
        try await blocking {
            let daemon = try Daemon()
            let good = try daemon.command("check", "--login", "--config", "\(daemon.folder)/config.yaml")
            #expect(good.status == 0, "\(good)")
            #expect(good.output.contains("the partner accepts it"))
            #expect(!good.output.contains("sandbox-api"))
            let yaml = try TestFiles.text("\(daemon.folder)/config.yaml").replacing(
                "api_token: {value: sandbox-api-token}\n      organisation", with: "api_token: {file: /nowhere}\n      organisation")
            try TestFiles.write(yaml, to: "\(daemon.folder)/other.yaml")
            let bad = try daemon.command("check", "--config", "\(daemon.folder)/other.yaml")
            #expect(bad.status == 78)
            #expect(bad.output.contains("api_token: file /nowhere: cannot be opened: No such file or directory"))
        }
    }

    @Test func `a new client's key opens the door its line describes`() async throws {
        try await blocking {
            let made = try TestFiles.run(Daemon.binary("tokenbroker"), ["client", "add", "billing", "--json"])
            let answer = JSONValue(parsing: Array(made.output.utf8))
            let (key, digest) = (try #require(answer?["key"]?.text), try #require(answer?["key_sha256"]?.text))
            let daemon = try Daemon(change: {
                $0.replacing("clients:\n", with: "clients:\n  billing: {key_sha256: \(digest), tokens: [\"zapper*\"]}\n")
            })
            let client = try #require(RawClient(address: daemon.address))
            client.send("GET /v1/tokens/zapper HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(key)\r\n\r\n")
            #expect(client.receive()?.status == 200)
            client.send("GET /v1/tokens/pulsecrm HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(key)\r\n\r\n")
            #expect(client.receive()?.status == 403)
        }
    }
}
