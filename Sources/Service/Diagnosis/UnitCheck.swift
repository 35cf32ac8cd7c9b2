import Secrets
import Time

/// The unit of systemd that runs the daemon, and how tightly its sandbox holds.
package enum UnitCheck {
    private static let unit = "tokenbroker.service"
    /// The exposure up to which the sandbox counts as whole (systemd-analyze(1), security); the shipped unit has 1.4.
    private static let greatestExposure = 2.0
    private static let time = Duration.seconds(10)

    /// - Parameter run: runs a program and returns its output; nil where it cannot be run or fails.
    package static func findings(_ run: ([String]) async -> String? = run) async -> [Finding] {
        let names = ["LoadState", "ActiveState", "SubState", "UnitFileState", "NRestarts", "NeedDaemonReload", "Result", "StatusText"]
        guard let shown = await run(["systemctl", "show", unit, "--no-pager", "--property=\(names.joined(separator: ","))"]) else {
            return [Finding(.ok, "unit", "systemd does not run here, or does not answer")]
        }
        let unit = properties(shown)
        guard unit["LoadState"] == "loaded" else {
            return [Finding(.warning, "unit", "\(Self.unit) is not installed", mend: "install the Debian package, or run scripts/install")]
        }
        return [state(unit)] + [await exposure(run)].compactMap { $0 }
    }

    /// The process of the running unit.
    package static func process(_ run: ([String]) async -> String? = run) async -> Int32? {
        guard let shown = await run(["systemctl", "show", unit, "--no-pager", "--property=MainPID"]) else { return nil }
        return properties(shown)["MainPID"].flatMap { Int32($0) }.flatMap { $0 > 0 ? $0 : nil }
    }

    private static func state(_ unit: [String: String]) -> Finding {
        let active = "\(unit["ActiveState"] ?? "?") (\(unit["SubState"] ?? "?"))"
        let restarts = unit["NRestarts"].flatMap { Int($0) } ?? 0
        if unit["NeedDaemonReload"] == "yes" {
            return Finding(
                .warning, "unit", "\(active); its file has changed since it was read",
                mend: "systemctl daemon-reload, then systemctl restart tokenbroker")
        }
        switch unit["ActiveState"] {
        case "active":
            if restarts > 0 {
                return Finding(.warning, "unit", "\(active), restarted \(restarts) times", mend: "journalctl -u tokenbroker -p warning says why")
            }
            let enabled = unit["UnitFileState"].map { ", \($0)" } ?? ""
            return Finding(.ok, "unit", "\(active)\(enabled)\(unit["StatusText"].map { $0.isEmpty ? "" : ": \($0)" } ?? "")")
        case "failed":
            return Finding(
                .fault, "unit", "failed (\(unit["Result"] ?? "?"))", mend: "journalctl -u tokenbroker says why; then systemctl restart tokenbroker")
        case "inactive":
            return Finding(.warning, "unit", "not running", mend: "systemctl enable --now tokenbroker")
        default: return Finding(.warning, "unit", active, mend: "systemctl status tokenbroker says what it waits for")
        }
    }

    private static func exposure(_ run: ([String]) async -> String?) async -> Finding? {
        // "→ Overall exposure level for tokenbroker.service: 1.4 OK :-)"
        guard let text = await run(["systemd-analyze", "security", "--no-pager", unit]),
            let line = text.split(separator: "\n").last(where: { $0.contains("Overall exposure level") }),
            let word = line.split(separator: ":").dropFirst().first?.split(separator: " ").first, let exposure = Double(word)
        else { return nil }
        guard exposure > greatestExposure else { return Finding(.ok, "sandbox", "exposure \(word) of 10 (systemd-analyze security)") }
        return Finding(
            .warning, "sandbox", "exposure \(word) of 10, and the shipped unit has 1.4",
            mend: "systemctl cat tokenbroker shows which drop-in opened it")
    }

    private static func properties(_ text: String) -> [String: String] {
        let pairs = text.split(separator: "\n").compactMap { line -> (String, String)? in
            line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[$0...].dropFirst())) }
        }
        return Dictionary(pairs) { $1 }
    }

    package static func run(_ words: [String]) async -> String? {
        let environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0"]
        return try? String(decoding: await ProgramRun.output(of: words, environment: environment, time: time), as: UTF8.self)
    }
}
