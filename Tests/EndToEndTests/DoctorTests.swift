import Foundation
import JSON
import TestSupport
import Testing

/// What `doctor` finds in broken set-ups: a line each, with what to do.
@Suite struct DoctorTests {
    private struct Finding {
        var level, subject, text: String
        var mend: String?
    }

    private static func findings(_ path: String, _ environment: [String: String] = [:]) throws -> (status: Int32, findings: [Finding]) {
        let result = try TestFiles.run(
            Daemon.binary("tokenbroker"), ["doctor", "--json", "--config", path] + Daemon.asItself, environment: environment)
        guard let json = JSONValue(parsing: Array(result.output.utf8)), case .array(let list)? = json["findings"] else {
            throw TestFailure("no JSON: \(result)")
        }
        let findings = list.map {
            Finding(level: $0["level"]?.text ?? "", subject: $0["subject"]?.text ?? "", text: $0["text"]?.text ?? "", mend: $0["mend"]?.text)
        }
        #expect(json["ok"] == .bool(!findings.contains { $0.level == "fault" }))
        return (result.status, findings)
    }

    /// The one finding of this subject that is not ok.
    private static func trouble(_ findings: [Finding], _ subject: String) -> Finding? { findings.first { $0.subject == subject && $0.level != "ok" } }

    @Test func `a running daemon has no fault, and nothing logs in`() async throws {
        try await blocking {
            let daemon = try Daemon { yaml, folder in yaml.replacing("listen:\n", with: "listen:\n  - unix: \(folder)/api.sock\n") }
            let before = try daemon.requests(at: "pulsecrm")
            let (status, findings) = try Self.findings("\(daemon.folder)/config.yaml")
            #expect(status == 0 && !findings.contains { $0.level == "fault" }, "\(findings)")
            for subject in ["configuration", "sockets", "daemon", "readiness", "descriptors", "inotify", "clock", "secrets", "store", "partner"] {
                #expect(findings.contains { $0.subject == subject }, "\(subject) \(findings)")
            }
            #expect(try daemon.requests(at: "pulsecrm") == before)
        }
    }

    @Test func `each broken thing is a line with what to do, and the exit code tells`() async throws {
        try await blocking {
            let folder = try TestFiles.scratch()
            defer { TestFiles.remove(folder) }
            let other = try LoopbackListener()
            let path = "\(folder)/config.yaml"
            let shipped = try TestFiles.text("config/config.yaml").replacing("127.0.0.1:8653", with: "127.0.0.1:0")
                .replacing("http://127.0.0.1:8700", with: "http://127.0.0.1:1")
            func look(_ yaml: String, mode: Int = 0o600) throws -> (status: Int32, findings: [Finding]) {
                try TestFiles.write(yaml, to: path, mode: mode)
                return try Self.findings(path)
            }
            var (status, findings) = try look(shipped + "nonsense: 1\n")
            #expect(status == 78 && Self.trouble(findings, "configuration")?.text.contains("nonsense") == true, "\(findings)")
            (status, findings) = try look(shipped)
            #expect(status == 69 && Self.trouble(findings, "partner")?.text.contains("http://127.0.0.1:1") == true, "\(findings)")
            #expect(Self.trouble(findings, "daemon")?.mend?.contains("systemctl start tokenbroker") == true)
            (status, findings) = try look(shipped, mode: 0o622)
            #expect(Self.trouble(findings, "permissions")?.mend == "chmod go-w \(path)", "\(findings)")
            (status, findings) = try look(shipped.replacing("{value: sandbox-password}", with: "{file: \(folder)/none}", maxReplacements: 1))
            #expect(status == 78 && Self.trouble(findings, "secrets")?.text.contains("\(folder)/none") == true, "\(findings)")
            (status, findings) = try look(shipped.replacing("127.0.0.1:0", with: "127.0.0.1:\(other.port)"))
            #expect(Self.trouble(findings, "sockets")?.text.contains("process \(getpid())") == true, "\(findings)")
            (status, findings) = try look(shipped + "store: {sqlite: \(folder)/none/t.db}\n")
            #expect(Self.trouble(findings, "store")?.text.contains("there is no folder") == true, "\(findings)")
            try TestFiles.write("no database at all, but long enough", to: "\(folder)/t.db")
            (status, findings) = try look(shipped + "store: {sqlite: \(folder)/t.db}\n")
            #expect(Self.trouble(findings, "store")?.level == "fault", "\(findings)")
            #expect(findings.allSatisfy { $0.level == "ok" || $0.mend != nil }, "\(findings)")
        }
    }

    @Test func `a database sealed with another key, or damaged, is named`() async throws {
        try await blocking {
            let daemon = try Daemon { yaml, folder in yaml + "store: {sqlite: \(folder)/t.db}\n" }
            daemon.signal(SIGTERM)
            #expect(daemon.end() == 0)
            let path = "\(daemon.folder)/config.yaml"
            #expect(
                try Self.findings(path).findings.contains { $0.subject == "store" && $0.level == "ok" && $0.text.contains("whole, its key opens it") }
            )
            let key = "\(daemon.folder)/store.key"
            let whole = try Data(contentsOf: URL(filePath: key))
            try Data((0..<32).map { _ in UInt8.random(in: 0...255) }).write(to: URL(filePath: key))
            #expect(Self.trouble(try Self.findings(path).findings, "store")?.text.contains("sealed with another key") == true)
            try whole.write(to: URL(filePath: key))
            _ = try TestFiles.run("/usr/bin/sqlite3", ["\(daemon.folder)/t.db", "PRAGMA wal_checkpoint(TRUNCATE)"])
            var bytes = try Data(contentsOf: URL(filePath: "\(daemon.folder)/t.db"))
            #expect(bytes.count > 8192)
            for place in 4096..<bytes.count { bytes[place] = 0xA5 }
            try bytes.write(to: URL(filePath: "\(daemon.folder)/t.db"))
            #expect(Self.trouble(try Self.findings(path).findings, "store")?.level == "fault")
        }
    }
}
