import BrokerDaemon
import Foundation
import JSON
import TestSupport
import Testing

@Suite struct DaemonProcessTests {
    @Test func `the daemon serves six tokens, and the command line lists them`() async throws {
        try await blocking {
            let daemon = try Daemon()
            for name in ["zipteams", "zetasafe", "zapper", "zapper-jo", "sparrowsms", "pulsecrm"] {
                #expect(daemon.get("/v1/tokens/\(name)")?.status == 200)
                #expect(try daemon.command("get", name).output.count > 20)
            }
            let header = try daemon.command("get", "pulsecrm", "--format", "header")
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
            #expect(refused.status == 78)
            #expect(refused.errors.contains("config.yaml:"))
            #expect(daemon.get("/v1/tokens/zapper")?.text.prefix(60) == before?.prefix(60))
            try TestFiles.write(good.replacing("  zetasafe:", with: "  zeta-two:"), to: path)
            daemon.signal(SIGHUP)
            let end = Date().addingTimeInterval(60)
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
            #expect(try TestFiles.run(Daemon.binary("tokenbroker"), ["check", "--config", "/nowhere.yaml"] + Daemon.asItself).status == 66)
        }
    }

    @Test func `check tries secrets and logins`() async throws {
        try await blocking {
            let daemon = try Daemon()
            let good = try Daemon.check("--login", "--config", "\(daemon.folder)/config.yaml")
            #expect(good.status == 0, "\(good)")
            #expect(good.output.contains("the partner accepts it"))
            #expect(!good.output.contains("sandbox-api"))
            let yaml = try TestFiles.text("\(daemon.folder)/config.yaml").replacing(
                "api_token: {value: sandbox-api-token}\n      organisation", with: "api_token: {file: /nowhere}\n      organisation")
            try TestFiles.write(yaml, to: "\(daemon.folder)/other.yaml")
            let bad = try Daemon.check("--config", "\(daemon.folder)/other.yaml")
            #expect(bad.status == 78)
            #expect(bad.output.contains("api_token: file /nowhere: cannot be opened: No such file or directory"))
        }
    }

    @Test func `a new client's key opens the door its line describes`() async throws {
        try await blocking {
            let made = try TestFiles.run(Daemon.binary("tokenbroker"), ["client", "add", "billing", "--json"])
            let answer = JSONValue(parsing: Array(made.output.utf8))
            let (key, digest) = (try #require(answer?["key"]?.text), try #require(answer?["key_sha256"]?.text))
            let daemon = try Daemon(change: { yaml, _ in
                yaml.replacing("clients:\n", with: "clients:\n  billing: {key_sha256: \(digest), tokens: [\"zapper*\"]}\n")
            })
            let client = try #require(RawClient(address: daemon.address))
            client.send("GET /v1/tokens/zapper HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(key)\r\n\r\n")
            #expect(client.receive()?.status == 200)
            client.send("GET /v1/tokens/pulsecrm HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(key)\r\n\r\n")
            #expect(client.receive()?.status == 403)
        }
    }

    @Test func `with few descriptors a flood of connections leaves room for those who ask`() async throws {
        try await blocking {
            let daemon = try Daemon(descriptors: 220)
            func ask(_ client: RawClient) -> Int? {
                client.send("GET /v1/tokens/zapper HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer demo\r\n\r\n")
                return client.receive()?.status
            }
            let kept = try #require(RawClient(address: daemon.address))
            #expect(ask(kept) == 200)
            let flood = (0..<400).map { _ in RawClient(address: daemon.address) }
            #expect(ask(kept) == 200)
            #expect(RawClient(address: daemon.address).map(ask) == 200)
            // A login needs descriptors too.
            #expect(try daemon.command("refresh", "pulsecrm").status == 0)
            #expect(flood.count == 400)
        }
    }

    @Test func `rejected credentials are tried again as soon as their file is corrected`() async throws {
        try await blocking {
            let daemon = try Daemon { yaml, folder in
                try? TestFiles.write("wrong", to: "\(folder)/secret")
                return yaml.replacing(
                    "api_token: {value: sandbox-api-token}\n      organisation_id", with: "api_token: {file: \(folder)/secret}\n      organisation_id"
                )
                    + "ready_when: any\n"
            }
            #expect(daemon.get("/v1/tokens/zapper?wait=10")?.status == 502)
            try TestFiles.write("sandbox-api-token", to: "\(daemon.folder)/next")
            try TestFiles.run("/bin/mv", ["\(daemon.folder)/next", "\(daemon.folder)/secret"])
            _ = try daemon.wait(for: "msg=\"secret changed\" token=zapper")
            #expect(daemon.get("/v1/tokens/zapper?wait=10")?.status == 200)
        }
    }

    // Nobody but root reads the maps of a process that cannot be dumped (proc(5)).
    @Test(.enabled(if: geteuid() == 0, "needs root")) func `every thread allocates from one arena`() async throws {
        try await blocking {
            let daemon = try Daemon()
            for token in ["zapper", "pulsecrm", "zetasafe"] { #expect(daemon.get("/v1/tokens/\(token)")?.status == 200) }
            // An arena beside the first reserves 64 MiB at a multiple of that (malloc(3)), of which it maps a part.
            let ranges = try TestFiles.text("/proc/\(daemon.identifier)/maps").matches(of: /(?m)^([0-9a-f]+)-([0-9a-f]+) ([rw-]{2})/).compactMap {
                line in
                UInt64(line.output.1, radix: 16).flatMap { start in UInt64(line.output.2, radix: 16).map { (start, $0, line.output.3) } }
            }
            let size: UInt64 = 64 << 20
            let arenas = zip(ranges, ranges.dropFirst()).filter { first, rest in
                first.2 == "rw" && rest.2 == "--" && first.1 == rest.0 && first.0 % size == 0 && rest.1 - first.0 == size
            }
            #expect(arenas.isEmpty, "\(arenas.count)")
        }
    }
}
