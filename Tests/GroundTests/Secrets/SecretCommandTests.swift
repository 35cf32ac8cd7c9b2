import Foundation
import Secrets
import TestSupport
import Testing

/// How commands end, and what they inherit.
@Suite struct SecretCommandTests {
    private func output(of script: String, environment: [String: String] = [:], passing names: [String] = [], time: Duration = .seconds(20))
        async throws(SecretFault) -> String
    {
        let usual = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        let source = SystemSecretSource(environment: usual, commandTime: time)
        return try await source.read(.command(["sh", "-c", script], environment: names)).exposedText
    }

    /// What the fault of a failing script says.
    private func problem(with script: String, time: Duration = .seconds(20)) async -> String? {
        do throws(SecretFault) {
            _ = try await output(of: script, time: time)
            return nil
        } catch {
            return error.problem
        }
    }

    @Test(arguments: [
        // A program left running that holds the output: the end of the second, or its bytes before that.
        ("sleep 600 & echo secret", "secret"),
        ("(sleep 0.2; printf late) & printf secret-", "secret-late"),
        // Output that takes time, and an exit after it.
        ("printf a; sleep 0.1; printf b", "ab"),
        ("echo secret; exec >&-; sleep 0.2", "secret"),
        ("head -c 65536 /dev/zero | tr '\\0' x", String(repeating: "x", count: 65_536)),
    ])
    func `the end of the output ends the reading`(script: String, secret: String) async throws {
        #expect(try await output(of: script) == secret)
    }

    @Test(arguments: [
        ("echo secret; kill -KILL $$", "was ended by signal 9"),
        ("kill -SEGV $$", "was ended by signal 11"),
        ("echo secret; exit 3", "failed with status 3"),
        ("yes", "printed more than 64 KiB"),
    ])
    func `a failure says how the command ended`(script: String, expected: String) async {
        #expect(await problem(with: script) == expected)
    }

    @Test(arguments: [
        ("echo secret; exec >&- 2>&-; sleep 600", "closed its output and did not exit within 1 s"),
        ("trap '' TERM HUP; sleep 600; sleep 600", "took longer than 1 s"),
    ])
    func `a command that never ends is not waited for`(script: String, expected: String) async {
        #expect(await problem(with: script, time: .seconds(1)) == expected)
    }

    @Test func `many commands that end together are read apart`() async throws {
        for round in 0..<3 {
            try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for number in 0..<100 { group.addTask { (number, try await output(of: "echo \(round)-\(number)")) } }
                for try await (number, printed) in group { #expect(printed == "\(round)-\(number)") }
            }
        }
    }

    @Test func `its whole process group ends with it`() async throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        for (script, time) in [("sleep 600 & echo $!", 20.0), ("sleep 600 & echo $! > \(folder)/pid; sleep 600", 0.3)] {
            let printed = try? await output(of: script, time: .seconds(time))
            let written = try? TestFiles.text("\(folder)/pid")
            let process = try #require((printed ?? written).flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) })
            // Dead, or a zombie that its new parent has not reaped.
            while isRunning(process) { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    private func isRunning(_ process: pid_t) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
        return status.split(separator: ")").last?.dropFirst().first != "Z"
    }

    @Test func `commands run side by side`() async throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        // Each waits until all five run.
        let script = "touch \(folder)/$$; while [ $(ls \(folder) | wc -l) -lt 5 ]; do sleep 0.01; done; echo done"
        try await withThrowingTaskGroup { group in
            for _ in 0..<5 { group.addTask { try await output(of: script) } }
            for try await result in group { #expect(result == "done") }
        }
    }

    @Test func `a command inherits standard descriptors and the environment it is given`() async throws {
        let leaked = unsafe open("/etc/passwd", O_RDONLY)
        defer { close(leaked) }
        // The fourth is ls's own.
        #expect(try await output(of: "ls /proc/self/fd | tr '\\n' ' '") == "0 1 2 3 ")
        let environment = ["HOME": "/h", "LANG": "C", "ZAPPER_KEY": "secret", "GNUPGHOME": "/g"]
        let variables = try await output(of: "env", environment: environment, passing: ["GNUPGHOME"]).split(separator: "\n")
        let names = Set(variables.map { String($0.prefix { $0 != "=" }) })
        // The shell adds the others itself.
        #expect(names.subtracting(["PWD", "OLDPWD", "SHLVL", "_"]) == ["PATH", "HOME", "LANG", "GNUPGHOME"])
    }

    @Test func `a cancelled command ends`() async throws {
        let task = Task { await problem(with: "sleep 600") }
        task.cancel()
        #expect(await task.value == "was cancelled")
    }
}
