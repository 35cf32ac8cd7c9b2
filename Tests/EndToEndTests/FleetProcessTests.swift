import BrokerDaemon
import Foundation
import JSON
import Secrets
import TestSupport
import Testing

/// Three real etcd members, over TLS with a CA of their own.
private final class EtcdCluster {
    let folder: String
    private let clients: [Int]
    private let peers: [Int]
    private var members: [Program?]
    private var user = ""

    init() throws {
        folder = try TestFiles.scratch()
        (clients, peers) = (try (0..<3).map { _ in try Self.freePort() }, try (0..<3).map { _ in try Self.freePort() })
        members = [nil, nil, nil]
        try makeCertificates()
        try TestFiles.write(String(repeating: "ab", count: 32), to: "\(folder)/fleet.key")
        for index in members.indices { try start(index) }
        // Members elect a leader first.
        let end = Date().addingTimeInterval(30)
        while Date() < end {
            let health = try TestFiles.run(
                "/usr/bin/curl",
                [
                    "-s", "--cacert", "\(folder)/ca.pem", "--cert", "\(folder)/host.pem", "--key", "\(folder)/host.key",
                    "https://127.0.0.1:\(clients[0])/health",
                ])
            if health.output.contains("\"true\"") { return }
            usleep(20_000)
        }
        throw TestFailure("etcd does not come up")
    }

    deinit {
        members = []
        TestFiles.remove(folder)
    }

    /// The configuration's `store`.
    var store: String {
        let urls = clients.map { "\"https://127.0.0.1:\($0)\"" }.joined(separator: ", ")
        let tls = "ca: \(folder)/ca.pem, cert: \(folder)/host.pem, key: \(folder)/host.key"
        return "store: {etcd: {endpoints: [\(urls)], \(tls)\(user)}, key: {file: \(folder)/fleet.key}}\n"
    }

    func start(_ index: Int) throws {
        let (client, peer) = ("https://127.0.0.1:\(clients[index])", "http://127.0.0.1:\(peers[index])")
        let cluster = peers.enumerated().map { "m\($0)=http://127.0.0.1:\($1)" }.joined(separator: ",")
        members[index] = try Program(
            "/usr/bin/etcd",
            [
                "--name", "m\(index)", "--data-dir", "\(folder)/m\(index)", "--listen-client-urls", client, "--advertise-client-urls", client,
                "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", cluster, "--log-level", "error",
                "--client-cert-auth", "--trusted-ca-file", "\(folder)/ca.pem", "--cert-file", "\(folder)/member.pem", "--key-file",
                "\(folder)/member.key",
            ], output: "\(folder)/m\(index).log")
    }

    func kill(_ index: Int) {
        members[index]?.signal(SIGKILL)
        _ = members[index]?.wait()
        members[index] = nil
    }

    /// Calls a method of the first member's gateway.
    @discardableResult
    func ask(_ method: String, _ body: String, token: String? = nil) throws -> JSONValue {
        let tls = ["--cacert", "\(folder)/ca.pem", "--cert", "\(folder)/host.pem", "--key", "\(folder)/host.key"]
        let field = token.map { ["-H", "Authorization: \($0)"] } ?? []
        let outcome = try TestFiles.run("/usr/bin/curl", ["-sS", "-d", body] + tls + field + ["https://127.0.0.1:\(clients[0])/v3/\(method)"])
        guard let answer = JSONValue(parsing: Array(outcome.output.utf8)) else {
            throw TestFailure("\(method): status \(outcome.status), \(outcome.output) \(outcome.errors)")
        }
        return answer
    }

    /// Turns etcd's own authentication on, with a user who may use the prefix, and returns root's token.
    func enableAuthentication() throws -> String {
        try TestFiles.write("s3cret\n", to: "\(folder)/etcd.password")
        let (from, to) = (Base64.text("/tokenbroker/"), Base64.text("/tokenbroker0"))
        for (method, body) in [
            ("auth/user/add", #"{"name":"root","password":"root"}"#), ("auth/role/add", #"{"name":"root"}"#),
            ("auth/user/grant", #"{"user":"root","role":"root"}"#), ("auth/role/add", #"{"name":"brokers"}"#),
            ("auth/role/grant", #"{"name":"brokers","perm":{"permType":"READWRITE","key":"\#(from)","range_end":"\#(to)"}}"#),
            ("auth/user/add", #"{"name":"broker","password":"s3cret"}"#), ("auth/user/grant", #"{"user":"broker","role":"brokers"}"#),
            ("auth/enable", "{}"),
        ] {
            let answer = try ask(method, body)
            if answer["header"] == nil { throw TestFailure("\(method): \(answer.jsonText)") }
        }
        let answer = try ask("auth/authenticate", #"{"name":"root","password":"root"}"#)
        guard let token = answer["token"]?.text else { throw TestFailure("no root: \(answer.jsonText)") }
        user = ", user: broker, password: {file: \(folder)/etcd.password}"
        return token
    }

    /// With users, the gateway refuses a certificate that has a common name.
    private func makeCertificates() throws {
        func openssl(_ arguments: String...) throws {
            let result = try TestFiles.run("/usr/bin/openssl", arguments)
            if result.status != 0 { throw TestFailure(result.errors) }
        }
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        let authority = ["req", "-x509"] + curve + ["-keyout", "\(folder)/ca.key", "-out", "\(folder)/ca.pem", "-days", "2", "-subj", "/CN=fleet"]
        try TestFiles.run("/usr/bin/openssl", authority)
        try TestFiles.write("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n", to: "\(folder)/extensions")
        for name in ["member", "host"] {
            let request = ["req"] + curve + ["-keyout", "\(folder)/\(name).key", "-out", "\(folder)/\(name).csr", "-subj", "/O=\(name)"]
            try TestFiles.run("/usr/bin/openssl", request)
            try openssl(
                "x509", "-req", "-in", "\(folder)/\(name).csr", "-CA", "\(folder)/ca.pem", "-CAkey", "\(folder)/ca.key", "-CAcreateserial", "-days",
                "2",
                "-extfile", "\(folder)/extensions", "-out", "\(folder)/\(name).pem")
        }
    }

    /// A port that nobody listens on, below those the kernel gives to connections (ip(7), ip_local_port_range): none of them can take it
    /// before etcd does.
    private static func freePort() throws -> Int {
        for _ in 0..<100 {
            let port = UInt16.random(in: 20_000..<32_000)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let outcome = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if outcome == 0 { return Int(port) }
        }
        throw TestFailure("no port is free")
    }
}

/// Daemons that share accounts over real etcd members.
@Suite(.serialized) struct FleetProcessTests {
    private func fingerprint(_ daemon: Daemon, _ token: String = "zapper", _ query: String = "?wait=10") -> String? {
        daemon.get("/v1/tokens/\(token)\(query)").flatMap { JSONValue(parsing: $0.body)?["fingerprint"]?.text }
    }

    /// A second daemon with the partners and the store of the first.
    private func pair(_ cluster: EtcdCluster, _ change: (String) -> String = { $0 }) throws -> (Daemon, Daemon) {
        let first = try Daemon { yaml, _ in change(yaml) + "\n" + cluster.store }
        let second = try Daemon { yaml, _ in
            change(yaml).replacing(#/http:..127\.0\.0\.1:[0-9]+/#, with: first.sandboxURL) + "\n" + cluster.store
        }
        return (first, second)
    }

    @Test func `hosts share one login, hear of the next, and outlive a member`() async throws {
        try await blocking {
            let cluster = try EtcdCluster()
            let (first, second) = try pair(cluster)
            let shared = fingerprint(first)
            #expect(shared != nil && fingerprint(second) == shared)
            for partner in ["zapper-service", "pulsecrm", "zipteams"] { #expect(try first.requests(at: partner) == 1, "\(partner)") }
            cluster.kill(0)
            #expect(try first.command("refresh", "zapper").status == 0)
            let next = fingerprint(first)
            #expect(next != nil && next != shared)
            // By the watch: the second one answers a long poll with it.
            let heard = second.get("/v1/tokens/zapper?wait=10&min_valid=1", fields: ["If-None-Match": "W/\"\(shared ?? "")\""])
            #expect(heard?.text.contains(next ?? "?") == true, "\(heard?.text ?? "nothing")")
            #expect(try first.requests(at: "zapper-service") == 2)
            try cluster.start(0)
            // A third life: what the fleet has is taken, nobody is asked.
            second.signal(SIGKILL)
            _ = second.end()
            try second.launch()
            #expect(fingerprint(second) == next)
            #expect(try first.requests(at: "zapper-service") == 2)
        }
    }

    @Test func `more records than a page are all found at start`() async throws {
        try await blocking {
            let cluster = try EtcdCluster()
            let many = { (yaml: String) in
                let base = yaml.split(separator: "\"").first { $0.hasSuffix("/zapper") } ?? ""
                let entries = (0..<20).map { number in
                    "  many-\(number):\n    provider: zapper-service\n    inputs: {base_url: \"\(base)\", api_key: {value: sandbox-api-key}, "
                        + "api_token: {value: sandbox-api-token}, organisation_id: org-\(number)}\n"
                }
                return yaml + entries.joined()
            }
            let (first, second) = try pair(cluster, many)
            #expect(try first.requests(at: "zapper-service") == 21)
            for number in 0..<20 { #expect(fingerprint(second, "many-\(number)") == fingerprint(first, "many-\(number)")) }
            second.signal(SIGKILL)
            _ = second.end()
            try second.launch()
            #expect(try first.requests(at: "zapper-service") == 21)
        }
    }

    @Test func `an etcd with users, a copied lock and a store that went back hold up nobody`() async throws {
        try await blocking {
            let cluster = try EtcdCluster()
            let root = try cluster.enableAuthentication()
            let range = #"{"key":"\#(Base64.text("/tokenbroker/tokens/zapper/"))","range_end":"\#(Base64.text("/tokenbroker/tokens/zapper0"))"}"#
            // A lock that lay in a backup: without a lease it would hold for ever.
            let inputs = Base64.hexOfSHA256(first: 8, of: "")
            try cluster.ask(
                "kv/put", #"{"key":"\#(Base64.text("/tokenbroker/locks/zapper/\(inputs)"))","value":"\#(Base64.text("old-host"))"}"#, token: root)
            let (first, second) = try pair(cluster)
            let shared = fingerprint(first)
            #expect(shared != nil && fingerprint(second) == shared)
            #expect((first.log + second.log).contains("holder=\"old-host, without a lease\""), "\(first.log)")
            let before = try #require(cluster.ask("kv/range", range, token: root)["kvs"]?.first)
            #expect(try first.command("refresh", "zapper").status == 0)
            let next = fingerprint(first)
            #expect(next != nil && next != shared)
            // A member that was restored has the earlier record.
            let (key, value) = (try #require(before["key"]?.text), try #require(before["value"]?.text))
            try cluster.ask("kv/put", #"{"key":"\#(key)","value":"\#(value)"}"#, token: root)
            let end = Date().addingTimeInterval(120)
            while Date() < end, try cluster.ask("kv/range", range, token: root)["kvs"]?.first?["value"]?.text == value { usleep(50_000) }
            #expect(try cluster.ask("kv/range", range, token: root)["kvs"]?.first?["value"]?.text != value)
            #expect(fingerprint(first) == next && fingerprint(second) == next)
            #expect(try first.requests(at: "zapper-service") == 2)
        }
    }

    @Test func `without its store each host logs in alone, and they agree again`() async throws {
        try await blocking {
            let cluster = try EtcdCluster()
            let (first, second) = try pair(cluster)
            let shared = fingerprint(first)
            for member in 0..<3 { cluster.kill(member) }
            _ = try first.wait(for: "store failed")
            #expect(fingerprint(first) == shared && fingerprint(second) == shared)
            #expect(try first.command("refresh", "zapper").status == 0)
            let alone = fingerprint(first)
            #expect(alone != shared && fingerprint(second) == shared)
            #expect(first.log.contains("login without the fleet's lock"))
            #expect(first.get("/metrics")?.text.contains("tokenbroker_store_usable 0") == true)
            for member in 0..<3 { try cluster.start(member) }
            _ = try second.wait(for: "store works again")
            let agreed = second.get("/v1/tokens/zapper?wait=15&min_valid=1", fields: ["If-None-Match": "W/\"\(shared ?? "")\""])
            #expect(agreed?.text.contains(alone ?? "?") == true, "\(agreed?.text ?? "nothing") \(first.log.suffix(300))")
        }
    }

    @Test func `exclusive credentials are used alone by the host that used them last`() async throws {
        try await blocking {
            let cluster = try EtcdCluster()
            let (own, other) = try pair(cluster) { yaml in
                yaml.replacing("      organisation_id: org-42", with: "      organisation_id: org-42\n    exclusive: true")
            }
            let shared = fingerprint(own)
            #expect(shared != nil && fingerprint(other) == shared)
            for member in 0..<3 { cluster.kill(member) }
            #expect(try other.command("refresh", "zapper").status != 0)
            #expect(other.log.contains("this host was not the last to log in"))
            #expect(fingerprint(other) == shared)
            #expect(try own.command("refresh", "zapper").status == 0)
            #expect(fingerprint(own) != shared)
        }
    }
}

extension Base64 {
    fileprivate static func text(_ text: String) -> String { encode(Array(text.utf8), .standard) }

    /// The first bytes of a digest, as etcd's keys have them.
    fileprivate static func hexOfSHA256(first count: Int, of text: String) -> String {
        Digest.hex(Digest.sha256(Array(text.utf8)).prefix(count))
    }
}

extension JSONValue {
    fileprivate var first: JSONValue? {
        if case .array(let elements) = self { return elements.first }
        return nil
    }
}
