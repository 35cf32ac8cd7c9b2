import ArgumentParser
import Foundation
import JSON
import TestSupport
import Testing

@testable import tokenbroker

/// What an operator reads after a mistake: the thing, the place and the mend.
@Suite struct OperatorMessageTests {
    /// A folder that other users may enter, with the shipped configuration changed.
    private static func folder(_ change: (String) -> String = { $0 }) throws -> String {
        let folder = try TestFiles.scratch()
        let yaml = try TestFiles.text("config/config.yaml").replacing("127.0.0.1:8653", with: "127.0.0.1:0")
        try TestFiles.write(change(yaml), to: "\(folder)/config.yaml", mode: 0o644)
        return folder
    }

    /// Another program that listens: this test's own process.
    private static func holder() -> String { "process \(getpid()) of user \(NSUserName())" }

    @Test func `a port or a socket in use is said by whom, by check and by serve`() async throws {
        try await blocking {
            let other = try LoopbackListener()
            let folder = try Self.folder { $0.replacing("127.0.0.1:0", with: "127.0.0.1:\(other.port)") }
            defer { TestFiles.remove(folder) }
            for command in ["check", "serve"] {
                let result = try TestFiles.run(
                    Daemon.binary("tokenbroker"), [command, "--config", "\(folder)/config.yaml"] + (command == "check" ? Daemon.asItself : []))
                #expect(result.status == (command == "check" ? 78 : 73))
                #expect(result.errors.contains("127.0.0.1:\(other.port)") && result.errors.contains(Self.holder()), "\(result.errors)")
                #expect(result.errors.contains("give another address under listen"))
            }
        }
    }

    @Test func `the running daemon's own addresses are no fault`() async throws {
        try await blocking {
            let daemon = try Daemon { yaml, folder in yaml.replacing("listen:\n", with: "listen:\n  - unix: \(folder)/api.sock\n") }
            let result = try Daemon.check("--config", "\(daemon.folder)/config.yaml")
            #expect(result.status == 0)
            #expect(result.errors.contains("note: unix:\(daemon.folder)/api.sock: the running daemon listens there"), "\(result.errors)")
        }
    }

    @Test func `one configuration is one file`() async throws {
        try await blocking {
            let result = try Daemon.check("--config", "a.yaml", "--config", "b.yaml")
            #expect(result.status == 64 && result.errors.contains("--config is given 2 times"))
        }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root, to be another user")) func `an unreadable configuration says as whom, and what allows it`()
        async throws
    {
        try await blocking {
            let folder = try Self.folder()
            defer { TestFiles.remove(folder) }
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(folder)/config.yaml")
            let place = "\(folder)/config.yaml"
            let result = try Daemon.check("--config", place, "--user", "daemon")
            #expect(result.status == 66)
            #expect(
                result.errors.contains(
                    "cannot be read by user daemon: Permission denied; `sudo chgrp daemon \(place) && sudo chmod g+r \(place)` allows it"),
                "\(result.errors)")
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder)
            #expect(try Daemon.check("--config", place, "--user", "daemon").errors.contains("sudo chmod g+x \(folder)`"))
        }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root, to be another user")) func `root's check reads as the service's user does`() async throws {
        try await blocking {
            let folder = try Self.folder()
            defer { TestFiles.remove(folder) }
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
            try TestFiles.write("secret\n", to: "\(folder)/secret")
            let yaml = try TestFiles.text("\(folder)/config.yaml")
            let changed = yaml.replacing(try Regex("api_token: \\{value: [^}]*\\}"), with: "api_token: {file: \(folder)/secret}")
            #expect(changed != yaml)
            try TestFiles.write(changed, to: "\(folder)/config.yaml", mode: 0o644)
            let asRoot = try Daemon.check("--config", "\(folder)/config.yaml", "--user", "root")
            #expect(asRoot.status == 0, "\(asRoot)")
            let asDaemon = try Daemon.check("--config", "\(folder)/config.yaml", "--user", "daemon")
            #expect(
                asDaemon.status == 78
                    && asDaemon.output.contains(
                        "config.yaml:36:18: api_token: file \(folder)/secret: cannot be opened by user daemon: Permission denied; `sudo chown daemon \(folder)/secret` allows it"
                    ),
                "\(asDaemon)")
            #expect(asDaemon.errors.contains("files are read as user daemon"))
        }
    }

    @Test func `faults are JSON where JSON is asked for`() async throws {
        try await blocking {
            let folder = try Self.folder { $0.replacing("provider: zetasafe", with: "provider: zetasave") }
            defer { TestFiles.remove(folder) }
            let result = try Daemon.check("--config", "\(folder)/config.yaml", "--json")
            guard case .array(let faults) = JSONValue(parsing: Array(result.output.utf8))?["faults"] else { throw TestFailure(result.output) }
            let fault = try #require(faults.first { $0["warning"] == .bool(false) })
            #expect(result.status == 78)
            #expect(fault["message"]?.text == "there is no provider zetasave; did you mean zetasafe?")
            #expect(fault["line"]?.integerValue ?? 0 > 1 && fault["path"]?.text == "tokens.zetasafe.provider")
        }
    }

    @Test func `another secret is tried before it is put in place`() async throws {
        try await blocking {
            let daemon = try Daemon()
            try TestFiles.write("wrong\n", to: "\(daemon.folder)/new")
            let path = "\(daemon.folder)/config.yaml"
            #expect(try Daemon.check("zipteams", "--login", "--config", path).status == 0)
            let wrong = try Daemon.check("zipteams", "--login", "--with", "api_secret=@\(daemon.folder)/new", "--config", path)
            #expect(wrong.status == 69 && wrong.output.contains("wrong zipteams"), "\(wrong)")
            #expect(try Daemon.check("zipteams", "--login", "--with", "api_secret=wrong", "--config", path).errors.contains("in no shell history"))
            let unknown = try Daemon.check("ziptems", "--config", path)
            #expect(unknown.status == 64 && unknown.errors.contains("there is no token ziptems; did you mean zipteams?"))
        }
    }

    @Test func `an exclusive entry is not logged in unasked`() async throws {
        try await blocking {
            let daemon = try Daemon { yaml, _ in yaml.replacing("    provider: zetasafe\n", with: "    provider: zetasafe\n    exclusive: true\n") }
            let before = try daemon.requests(at: "zetasafe")
            let result = try Daemon.check("zetasafe", "--login", "--config", "\(daemon.folder)/config.yaml")
            #expect(result.status == 0 && result.output.contains("not tried: zetasafe is exclusive"), "\(result)")
            #expect(try daemon.requests(at: "zetasafe") == before)
        }
    }

    @Test func `an administrator who misspells a token gets the names`() async throws {
        try await blocking {
            let daemon = try Daemon()
            let result = try daemon.command("get", "ziptems")
            #expect(result.status == 77 && result.errors.contains("there is no token ziptems; did you mean zipteams?"), "\(result)")
        }
    }

    @Test func `a refresh that fails says what the partner did and how long the token lives`() async throws {
        try await blocking {
            let daemon = try Daemon()
            try daemon.fault("zipteams", #"{"kind": "error"}"#)
            let result = try daemon.command("refresh", "zipteams")
            #expect(result.status == 75, "\(result)")
            #expect(result.errors.contains("status 500") && result.errors.contains("the current token stays valid for"), "\(result.errors)")
        }
    }

    @Test func `the manual lists the exit codes that the program has`() throws {
        let page = try TestFiles.text("Sources/Programs/tokenbroker/Manual/tokenbroker.1")
        let listed = page.split(separator: "\n").filter { $0.first?.isNumber == true }.map {
            String($0.last == "," || $0.last == "." ? $0.dropLast() : $0)
        }
        #expect(listed == ["0 done"] + ProgramExit.meanings.map { "\($0.code.rawValue) \($0.meaning)" })
    }

    @Test func `a refused reload and an answer nobody understands have codes of their own`() async throws {
        try await blocking {
            let daemon = try Daemon { yaml, _ in yaml + "ready_when: any\n" }
            try daemon.fault("zipteams", #"{"kind": "malformed"}"#)
            #expect(try daemon.command("refresh", "zipteams").status == 65)
            try TestFiles.write("tokens: {}\nnonsense: 1\n", to: "\(daemon.folder)/config.yaml")
            let refused = try daemon.command("reload", "--json")
            #expect(refused.status == 78 && JSONValue(parsing: Array(refused.output.utf8))?["type"]?.text == "/problems/reload-refused", "\(refused)")
        }
    }
}
