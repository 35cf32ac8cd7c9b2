import Foundation
import JSON
import TestSupport
import Testing

/// The shipped samples with the real programs. nginx's is in CallerProcessTests.
@Suite struct SampleTests {
    private static func has(_ program: String) -> Bool { FileManager.default.isExecutableFile(atPath: program) }

    /// A daemon whose client is known as a proxy.
    private static func daemonForProxies() throws -> Daemon {
        try Daemon { yaml, _ in yaml.replacing("may: [admin]", with: "may: [admin]\n    forward_auth: true") }
    }

    private static func own(_ sample: String, _ daemon: Daemon) throws -> String {
        try TestFiles.text(sample).replacing("127.0.0.1:8653", with: daemon.address)
            .replacing("127.0.0.1:8700", with: daemon.sandboxURL.replacing("http://", with: ""))
    }

    /// What a visitor gets through a proxy, once that answers. Its query and conditions are its own business.
    private static func visit(_ socket: String) -> RawClient.Answer? {
        let end = Date().addingTimeInterval(120)
        while Date() < end {
            if let client = RawClient(address: "unix:\(socket)") {
                client.send(
                    "GET /pulsecrm/auth/session?min_valid=99999999&tenant=x HTTP/1.1\r\nHost: app\r\nIf-None-Match: *\r\nAccept: text/plain\r\nCookie: a=b\r\nConnection: close\r\n\r\n"
                )
                if let answer = client.receive() { return answer }
            }
            usleep(20_000)
        }
        return nil
    }

    /// Runs a proxy, which listens at a socket, and expects it to ask the daemon and to pass the visitor's request on.
    private static func expectAnswer(
        _ daemon: Daemon, _ path: String, _ arguments: [String], environment: [String: String] = [:], at socket: String
    ) throws {
        let log = "\(socket).log"
        let proxy = try Program(path, arguments, environment: environment, output: log)
        defer {
            proxy.signal(SIGTERM)
            _ = proxy.wait()
        }
        // The partner knows the token the proxy brought: it answers its session instead of 401.
        let answer = visit(socket)
        #expect(answer?.status == 200, "\(answer?.text ?? "nothing") \((try? TestFiles.text(log)) ?? "")")
        _ = try daemon.wait(for: "action=headers token=pulsecrm")
    }

    @Test(.enabled(if: has("/usr/bin/caddy"))) func `Caddy asks for the headers and passes a request on with them`() async throws {
        try await blocking {
            let daemon = try Self.daemonForProxies()
            let socket = "\(daemon.folder)/caddy.sock"
            let sample = try Self.own("config/Caddyfile", daemon).replacing("http://127.0.0.1:8080 {", with: "http:// {\n\tbind unix/\(socket)")
            try TestFiles.write(sample, to: "\(daemon.folder)/Caddyfile")
            try Self.expectAnswer(
                daemon, "/usr/bin/caddy", ["run", "--adapter", "caddyfile", "--config", "\(daemon.folder)/Caddyfile"],
                environment: ["XDG_DATA_HOME": daemon.folder, "XDG_CONFIG_HOME": daemon.folder], at: socket)
        }
    }

    @Test(.enabled(if: has("/usr/sbin/haproxy"))) func `HAProxy asks for the headers and passes a request on with them`() async throws {
        try await blocking {
            let daemon = try Daemon()
            let socket = "\(daemon.folder)/haproxy.sock"
            let lua = try Self.own("config/haproxy.lua", daemon)
            let sample = try Self.own("config/haproxy.cfg", daemon).replacing("bind 127.0.0.1:8080", with: "bind unix@\(socket)")
                .replacing("haproxy.lua\n", with: "\(daemon.folder)/haproxy.lua\n")
            try TestFiles.write(lua, to: "\(daemon.folder)/haproxy.lua")
            try TestFiles.write(sample, to: "\(daemon.folder)/haproxy.cfg")
            try Self.expectAnswer(daemon, "/usr/sbin/haproxy", ["-db", "-f", "\(daemon.folder)/haproxy.cfg"], at: socket)
        }
    }

    @Test(.enabled(if: has("/usr/bin/promtool"))) func `the alerts are right, and each is seen to fire`() async throws {
        try await blocking {
            let folder = try TestFiles.scratch()
            defer { TestFiles.remove(folder) }
            let rules = try TestFiles.text("config/prometheus-alerts.yaml")
            try TestFiles.write(rules, to: "\(folder)/rules.yaml")
            #expect(try TestFiles.run("/usr/bin/promtool", ["check", "rules", "\(folder)/rules.yaml"]).status == 0)
            // promtool compares the annotations too, which are for people.
            try TestFiles.write(rules.replacing(try Regex("        annotations:\n(          .*\n?)+"), with: ""), to: "\(folder)/plain.yaml")
            let tests = try TestFiles.text("Tests/Fixtures/prometheus/alerts.yaml")
            try TestFiles.write(tests.replacing("RULES", with: "plain.yaml"), to: "\(folder)/tests.yaml")
            let result = try TestFiles.run("/usr/bin/promtool", ["test", "rules", "\(folder)/tests.yaml"])
            #expect(result.status == 0, "\(result)")
            let alerts = rules.matches(of: /- alert: (\w+)/).map { String($0.output.1) }
            #expect(alerts.count >= 10 && Set(tests.matches(of: /alertname: (\w+)/).map { String($0.output.1) }) == Set(alerts))
        }
    }

    @Test(.enabled(if: has("/usr/bin/promtool"))) func `the metrics pass promtool, and the alerts and the dashboard name metrics that exist`()
        async throws
    {
        try await blocking {
            let daemon = try Daemon()
            let text = try #require(daemon.get("/metrics")?.text)
            try TestFiles.write(text, to: "\(daemon.folder)/metrics")
            let lint = try TestFiles.run("/bin/sh", ["-c", "/usr/bin/promtool check metrics < \(daemon.folder)/metrics"])
            #expect(lint.status == 0 && lint.errors.isEmpty, "\(lint)")
            let named = try ["config/prometheus-alerts.yaml", "config/grafana-dashboard.json"].flatMap { file in
                try TestFiles.text(file).matches(of: /(?:tokenbroker|process)_[a-z_]+/).map { String($0.output) }
            }
            for name in Set(named) { #expect(text.contains("# TYPE \(name.replacing(/_(bucket|sum|count)$/, with: "")) "), "\(name)") }
            #expect(Set(named).count >= 12)
        }
    }

    @Test(.enabled(if: has("/usr/bin/prometheus")), .timeLimit(.minutes(2))) func `Prometheus scrapes the daemon and alerts after a refused reload`()
        async throws
    {
        try await blocking {
            let daemon = try Daemon()
            let sample = try Self.own("config/prometheus.yaml", daemon)
            try TestFiles.write("global: {scrape_interval: 1s, evaluation_interval: 1s}\n" + sample, to: "\(daemon.folder)/prometheus.yaml")
            try TestFiles.write(try TestFiles.text("config/prometheus-alerts.yaml"), to: "\(daemon.folder)/prometheus-alerts.yaml")
            try TestFiles.write("demo", to: "\(daemon.folder)/tokenbroker.key")
            let port = try LoopbackListener().port
            let prometheus = try Program(
                "/usr/bin/prometheus",
                [
                    "--config.file=\(daemon.folder)/prometheus.yaml", "--storage.tsdb.path=\(daemon.folder)/tsdb",
                    "--web.listen-address=127.0.0.1:\(port)",
                ],
                output: "\(daemon.folder)/prometheus.log")
            defer {
                prometheus.signal(SIGTERM)
                _ = prometheus.wait()
            }
            try TestFiles.write("nonsense: 1\n", to: "\(daemon.folder)/config.yaml")
            #expect(try daemon.command("reload").status == 78)
            let end = Date().addingTimeInterval(60)
            var seen = ""
            while Date() < end, !(seen.contains("TokenbrokerReloadFailed") && seen.contains("firing")) {
                usleep(200_000)
                guard let client = RawClient(address: "127.0.0.1:\(port)") else { continue }
                client.send("GET /api/v1/alerts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                seen = client.receive()?.text ?? ""
            }
            #expect(seen.contains("TokenbrokerReloadFailed"), "\(seen) \((try? TestFiles.text("\(daemon.folder)/prometheus.log")) ?? "")")
        }
    }
}
