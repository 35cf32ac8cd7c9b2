import Foundation
import TestSupport
import Testing

/// `providers` and `simulate`, which read files and ask nobody.
@Suite struct ProviderCommandTests {
    private static let definitions = "Sources/Core/Providers/Definitions"

    private func run(_ arguments: String...) async throws -> (status: Int32, output: String, errors: String) {
        try await blocking { try TestFiles.run(Daemon.binary("tokenbroker"), arguments) }
    }

    private static var names: [String] {
        (try? TestFiles.names(definitions).filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }) ?? []
    }

    @Test func `every built-in definition is listed, described in words and printed as it is`() async throws {
        let listed = try await run("providers")
        #expect(listed.status == 0 && Self.names.count == 15)
        for name in Self.names {
            #expect(listed.output.contains("\(name) "))
            let described = try await run("providers", "show", name)
            #expect(described.status == 0 && described.output.hasPrefix("\(name): "), "\(described.errors)")
            #expect(described.output.contains("\nInputs\n") && described.output.contains("\nLogin\n"))
            let printed = try await run("providers", "show", name, "--yaml")
            #expect(try printed.output == TestFiles.text("\(Self.definitions)/\(name).yaml"))
        }
        let unknown = try await run("providers", "show", "zipteam")
        #expect(unknown.status == 64 && unknown.errors.contains("zipteams"))
    }

    @Test func `the samples' recorded answers are what their definitions expect`() async throws {
        let folder = "\(Repository.root)/Tests/Fixtures/partners"
        let files = try TestFiles.names("Tests/Fixtures/partners").filter { $0.hasSuffix(".yaml") }.map { "\(folder)/\($0)" }
        let outcome = try await blocking { try TestFiles.run(Daemon.binary("tokenbroker"), ["providers", "test"] + files) }
        #expect(outcome.status == 0 && outcome.output.contains("as expected"), "\(outcome.output.suffix(2000))\(outcome.errors)")
    }

    @Test func `a recorded answer that is read otherwise is shown, and ends with 65`() async throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        let source = "\(Repository.root)/Tests/Fixtures/partners/adobe-server-to-server"
        try FileManager.default.copyItem(atPath: "\(source).yaml", toPath: "\(folder)/a.yaml")
        try FileManager.default.createDirectory(atPath: "\(folder)/a", withIntermediateDirectories: false)
        let text = try String(contentsOfFile: "\(source)/success.http", encoding: .utf8)
        try text.replacing("# expect: token", with: "# expect: rejected").write(toFile: "\(folder)/a/success.http", atomically: true, encoding: .utf8)
        let outcome = try await run("providers", "test", "\(folder)/a.yaml")
        #expect(outcome.status == 65 && outcome.output.contains("success"), "\(outcome)")
        let json = try await run("providers", "test", "\(folder)/a.yaml", "--json")
        #expect(json.status == 65 && json.output.contains(#""differences":[""#), "\(json.output)")
    }

    @Test func `a day of renewals is shown, with an outage, or why it cannot be`() async throws {
        let config = "\(Repository.root)/config/config.yaml"
        let day = try await run("simulate", "zetasafe", "--config", config, "--lifetime", "15m", "--hours", "2", "--outage", "30m+10m")
        #expect(day.status == 0 && day.output.hasPrefix("AT ") && day.output.contains("login fails, tried again in"))
        #expect(day.output.hasSuffix("logins in 2 h with tokens of 15 min\n"), "\(day.output)")
        let json = try await run("simulate", "zetasafe", "--config", config, "--lifetime", "15m", "--hours", "1", "--json")
        #expect(json.output.hasPrefix("[{") && json.status == 0)
        for (arguments, status, words) in [
            (["zetasafe", "--lifetime", "1s"], 64, "3 s to 400 d"), (["zetasafe", "--hours", "0"], 64, "1 to 8784"),
            (["zetasafe", "--outage", "2h"], 64, "2h+30m"),
            (["zipteamz"], 64, "zipteams"),
        ] as [([String], Int32, String)] {
            let outcome = try await blocking { try TestFiles.run(Daemon.binary("tokenbroker"), ["simulate", "--config", config] + arguments) }
            #expect(outcome.status == status && outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
        }
    }
}
