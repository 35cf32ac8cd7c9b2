import Diagnosis
import Testing

@Suite struct UnitCheckTests {
    private func findings(_ show: String?, exposure: String? = nil) async -> [Finding] {
        await UnitCheck.findings { words in
            words[0] == "systemctl" ? show : exposure.map { "x\n→ Overall exposure level for tokenbroker.service: \($0) OK :-)\n" }
        }
    }

    @Test(arguments: [
        ("LoadState=not-found", Finding.Level.warning, "tokenbroker.service is not installed"),
        (
            "LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nNRestarts=0\nStatusText=6/6 tokens", .ok,
            "active (running), enabled: 6/6 tokens"
        ),
        ("LoadState=loaded\nActiveState=active\nSubState=running\nNRestarts=3", .warning, "active (running), restarted 3 times"),
        ("LoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code", .fault, "failed (exit-code)"),
        ("LoadState=loaded\nActiveState=inactive\nSubState=dead", .warning, "not running"),
        (
            "LoadState=loaded\nActiveState=active\nSubState=running\nNeedDaemonReload=yes", .warning,
            "active (running); its file has changed since it was read"
        ),
        ("LoadState=loaded\nActiveState=activating\nSubState=start", .warning, "activating (start)"),
    ])
    func `the unit's state is one line`(show: String, level: Finding.Level, text: String) async {
        let findings = await findings(show)
        #expect(findings.map(\.level) == [level] && findings.map(\.text) == [text])
        #expect(findings.allSatisfy { ($0.mend == nil) == ($0.level == .ok) })
    }

    @Test func `a drop-in that opens the sandbox is a warning, and no systemd is no fault`() async {
        let active = "LoadState=loaded\nActiveState=active\nSubState=running\nNRestarts=0"
        #expect(await findings(active, exposure: "1.4").map(\.level) == [.ok, .ok])
        #expect(await findings(active, exposure: "5.9").map(\.level) == [.ok, .warning])
        #expect(await findings(nil).map(\.level) == [.ok])
    }
}
