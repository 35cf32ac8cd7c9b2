import BrokerDaemon
import Foundation
import TestSupport
import Testing

/// A user of the system, made for a test and removed with it.
private final class SystemUser: Sendable {
    let name: String
    let number: Int
    let group: Int

    /// Root, and the user that stands for everybody of another namespace.
    static let root = SystemUser(name: "root", number: 0, group: 0)
    static let overflow = SystemUser(name: "nobody", number: 65534, group: 65534)

    private init(name: String, number: Int, group: Int) {
        (self.name, self.number, self.group) = (name, number, group)
    }

    init(_ name: String) throws {
        self.name = name
        try TestFiles.run("/usr/sbin/useradd", ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name])
        let numbers = try ["-u", "-g"].map { try TestFiles.run("/usr/bin/id", [$0, name]).output.trimmingCharacters(in: .whitespacesAndNewlines) }
        guard let number = Int(numbers[0]), let group = Int(numbers[1]) else { throw TestFailure("no user \(name): \(numbers)") }
        (self.number, self.group) = (number, group)
    }

    deinit { if number != 0, number != 65534 { _ = try? TestFiles.run("/usr/sbin/userdel", [name]) } }
}

/// Real users against an unprivileged daemon, without any key.
@Suite(.serialized, .enabled(if: geteuid() == 0, "needs root: it makes users")) struct CallerProcessTests {
    /// The status curl gets as a user.
    private func status(as user: SystemUser, _ arguments: String...) throws -> String {
        let curl = ["curl", "-s", "-g", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10"] + arguments
        return try TestFiles.run("/usr/bin/setpriv", ["--reuid=\(user.number)", "--regid=\(user.group)", "--clear-groups"] + curl).output
    }

    @Test func `of two users the allowed one is served, by any listener, and nobody else`() async throws {
        try await blocking {
            let suffix = String(UInt32.random(in: 0..<0xFFFF), radix: 16)
            let (allowed, other, own) = (try SystemUser("tb-a\(suffix)"), try SystemUser("tb-b\(suffix)"), try SystemUser("tb-d\(suffix)"))
            let daemon = try Daemon(user: own.number) { yaml, folder in
                yaml.replacing(
                    "  - tcp: 127.0.0.1:0", with: "  - tcp: 127.0.0.1:0\n  - tcp: \"[::1]:0\"\n  - unix: \(folder)/open/api.sock\n    mode: \"0666\""
                )
                .replacing(
                    try! Regex("clients:\n(  .*\n|    .*\n)*"), with: "clients:\n  allowed:\n    user: \(allowed.name)\n    tokens: [zapper]\n")
            }
            let socket = "\(daemon.folder)/open/api.sock"
            for (path, good) in [("/v1/tokens/zapper", "200"), ("/v1/tokens/pulsecrm", "403"), ("/v1/tokens/unknown", "403")] {
                for listener in daemon.addresses.prefix(2) {
                    let url = "http://\(listener)\(path)"
                    #expect(try status(as: allowed, url) == good, "\(url)")
                    #expect(try status(as: other, url) == "403", "\(url)")
                    #expect(try status(as: .overflow, url) == "401", "\(url)")
                    #expect(try status(as: own, url) == "403", "\(url)")
                    #expect(try status(as: .root, url) == "403", "\(url)")
                }
                let url = "http://localhost\(path)"
                #expect(try status(as: allowed, "--unix-socket", socket, url) == good)
                #expect(try status(as: other, "--unix-socket", socket, url) == "403")
                #expect(try status(as: .overflow, "--unix-socket", socket, url) == "401")
                // Over the unix socket the daemon's own user and root administer it.
                let known = path.hasSuffix("unknown") ? "403" : "200"
                #expect(try status(as: own, "--unix-socket", socket, url) == known)
                #expect(try status(as: .root, "--unix-socket", socket, url) == known)
            }
            #expect(try status(as: own, "--unix-socket", socket, "-X", "POST", "http://localhost/v1/tokens/zapper/refresh") == "200")
            #expect(try status(as: allowed, "--unix-socket", socket, "-X", "POST", "http://localhost/v1/tokens/zapper/refresh") == "403")
            let served = "audit client=allowed uid=\(allowed.number) "
            for line in [served, "audit client=- uid=\(other.number) "] { _ = try daemon.wait(for: line) }
        }
    }

    @Test func `a socket of mode 0660 is reached by its group alone`() async throws {
        try await blocking {
            let suffix = String(UInt32.random(in: 0..<0xFFFF), radix: 16)
            let (member, other) = (try SystemUser("tb-m\(suffix)"), try SystemUser("tb-o\(suffix)"))
            let daemon = try Daemon(user: nil) { yaml, folder in
                yaml.replacing("  - tcp: 127.0.0.1:0", with: "  - tcp: 127.0.0.1:0\n  - unix: \(folder)/open/api.sock\n    group: \(member.name)")
                    .replacing(try! Regex("clients:\n(  .*\n|    .*\n)*"), with: "clients:\n  all:\n    user: \(member.name)\n    tokens: [\"*\"]\n")
            }
            let socket = "\(daemon.folder)/open/api.sock"
            #expect(try TestFiles.run("/usr/bin/stat", ["-c", "%a %G", socket]).output == "660 \(member.name)\n")
            #expect(try status(as: member, "--unix-socket", socket, "http://localhost/v1/tokens/zapper") == "200")
            #expect(try status(as: other, "--unix-socket", socket, "http://localhost/v1/tokens/zapper") == "000")
        }
    }

    @Test func `nginx asks for the headers and passes a request on with them`() async throws {
        try await blocking {
            let daemon = try Daemon()
            // A path, since a port that is free now may be another program's when nginx binds it.
            let front = "unix:\(daemon.folder)/nginx.sock"
            let shipped = try TestFiles.text("config/nginx-auth-request.conf").replacing("127.0.0.1:8653", with: daemon.address)
                .replacing("http://127.0.0.1:8700", with: daemon.sandboxURL).replacing("listen 127.0.0.1:8080", with: "listen \(front)")
            let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(daemon.folder)/\($0);" }.joined(
                separator: " ")
            let main =
                "daemon off; pid \(daemon.folder)/nginx.pid; error_log \(daemon.folder)/nginx.log; events {} http { access_log off; \(temporary)\n"
            try TestFiles.write(main + shipped + "}\n", to: "\(daemon.folder)/nginx.conf")
            let nginx = try Program("/usr/sbin/nginx", ["-c", "\(daemon.folder)/nginx.conf"], output: "\(daemon.folder)/nginx.out")
            defer {
                nginx.signal(SIGTERM)
                _ = nginx.wait()
            }
            func ask() -> RawClient.Answer? {
                guard let client = RawClient(address: front) else { return nil }
                client.send(
                    "GET /pulsecrm/auth/session HTTP/1.1\r\nHost: app\r\nCookie: a=b\r\nX-Forwarded-For: 10.0.0.1\r\nConnection: close\r\n\r\n")
                return client.receive()
            }
            let end = Date().addingTimeInterval(60)
            while ask() == nil, Date() < end { usleep(20_000) }
            // The partner knows the token nginx brought: it answers its session instead of 401.
            #expect(ask()?.status == 200, "\(ask()?.text ?? "") \((try? TestFiles.text("\(daemon.folder)/nginx.log")) ?? "")")
            _ = try daemon.wait(for: "action=headers token=pulsecrm")
        }
    }
}
