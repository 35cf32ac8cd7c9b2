import ArgumentParser
import Configuration
import JSON
import Secrets
import YAML

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check configuration, secrets and, with --login, each login.",
        discussion: "Faults go to standard error with file, line and column; warnings do not change the exit code.")

    @OptionGroup var files: ConfigurationOption
    @Flag(help: "Try each login and print the exchange, redacted.")
    var login = false
    @Flag(help: "Check only the configuration files, not the secrets.")
    var syntax = false
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let (configuration, warnings) = try files.read()
        for warning in warnings { explain(warning.description) }
        for advice in Self.advice(configuration) { explain(advice) }
        let checker = LoginChecker(configuration)
        var results = syntax ? [] : await checker.checkSecrets()
        let logsIn = login && results.allSatisfy(\.isGood)
        if logsIn { results = await checker.checkLogins() }
        if json {
            print(JSONValue.array(results.map(\.json)).jsonText)
        } else {
            for result in results { print(result.text) }
            let bad = results.count { !$0.isGood }
            print(
                bad == 0
                    ? "\(files.config): \(Self.tokens(configuration.tokens.count)), no faults"
                    : "\(files.config): \(bad) of \(Self.tokens(results.count)) with faults")
            if login, !logsIn { print("no login was tried: mend the faults above first") }
        }
        if !results.allSatisfy(\.isGood) { throw logsIn ? ProgramExit.unavailable : ProgramExit.configuration }
    }

    private static func tokens(_ count: Int) -> String { "\(count) token\(count == 1 ? "" : "s")" }

    /// Warnings about how the shipped unit affects the sources of secrets.
    private static func advice(_ configuration: BrokerConfiguration) -> [String] {
        var advice: Set<String> = []
        for reference in configuration.references {
            switch reference {
            case .environment(let name):
                advice.insert("warning: environment variable \(name): `systemctl show` shows a unit's environment to every user")
            case .command(let words, _):
                advice.insert("warning: command \(words.first ?? ""): under the shipped unit it needs a drop-in with ExecPaths=\(words.first ?? "")")
            case .file, .credential, .value: break
            }
        }
        return advice.sorted()
    }
}
