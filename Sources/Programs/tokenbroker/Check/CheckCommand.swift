import ArgumentParser
import BrokerDaemon
import Configuration
import Diagnosis
import Files
import Glibc
import JSON
import Providers
import Secrets
import Text
import Time
import YAML

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check the configuration as the service sees it, its secrets and, with --login, each login.",
        discussion: """
            Faults go to standard error with file, line and column; warnings do not change the exit code. Root's check takes on the rights of the \
            service's user, so that it finds what the service may not read.
            """)

    @OptionGroup var files: ConfigurationOption
    @Argument(help: "The tokens to check; all by default.", completion: Completion.tokens)
    var tokens: [String] = []
    @Flag(help: "Try each login and print the exchange, redacted.")
    var login = false
    @Option(help: ArgumentHelp("Try another secret in place of the configured one, from a file.", valueName: "input=@file"))
    var with: [String] = []
    @Flag(help: "Log in to exclusive entries without asking, although that ends the running daemon's session.")
    var exclusive = false
    @Flag(help: "Check only the configuration files, not the secrets.")
    var syntax = false
    @Option(help: ArgumentHelp("Whose rights root's check takes on; \(ServiceIdentity.unitUser) where that user exists.", valueName: "name"))
    var user: String?
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard with.isEmpty || tokens.count == 1 && login else { throw ValidationError("--with needs --login and the name of one token") }
        guard !syntax || !login else { throw ValidationError("--syntax looks at the files alone; --login cannot be combined with it") }
        let inputs = with.map { $0.prefix { $0 != "=" } }
        guard Set(inputs).count == inputs.count else { throw ValidationError("--with is given twice for one input") }
        if user != nil, !ServiceIdentity.isRoot { throw ValidationError("--user needs root: run it with sudo") }
        if let user, ServiceIdentity(named: user) == nil { throw ValidationError("there is no user \(user) on this host") }
    }

    func run() async throws {
        var report = CheckReport(configuration: files.path)
        let identity = ServiceIdentity.isRoot ? ServiceIdentity(named: user ?? ServiceIdentity.unitUser) : nil
        let attempt: Result<(configuration: BrokerConfiguration, warnings: [ConfigurationFault]), ConfigurationFaults>
        attempt = try identity.map { try $0.perform { files.attempt() } } ?? files.attempt()
        let configuration: BrokerConfiguration
        switch attempt {
        case .failure(let found):
            report.faults = found.faults
            show(report)
            throw found.isUnreadable ? ProgramExit.noInput : ProgramExit.configuration
        case .success(let (read, warnings)):
            report.faults = warnings
            configuration = try chosen(read)
        }
        report.notes = Self.advice(configuration) + Self.rights(identity, isWanted: !syntax)
        if !syntax {
            let service = identity?.name ?? ServiceIdentity.unitUser
            report.listeners = ListenerCheck(configuration.listeners, credentials: configuration.openCredentialSocket, service: service)
        }
        var secrets = CheckedSecrets(environment: ProcessEnvironment.all)
        await secrets.readCredentials(of: configuration.references)
        let exhausted = login ? await RunningBudgets.exhausted() : []
        try identity?.become()
        let checker = LoginChecker(configuration, secrets: secrets, place: ConfigurationFiles.places(in: files.path))
        report.results = syntax ? [] : await checker.checkSecrets()
        report.tokens = configuration.tokens.count
        report.store = syntax ? [] : await StoreCheck.faults(configuration.store, secrets: secrets)
        let logsIn = login && report.isGood
        if logsIn { report.results = await checker.checkLogins(exhausted: exhausted) { mayEndSession(of: $0) } }
        if login, !logsIn { report.notes.append("no login was tried: mend the faults first") }
        show(report)
        if !report.isGood { throw logsIn ? ProgramExit.unavailable : ProgramExit.configuration }
    }

    /// The configuration with the named tokens alone, those they take their inputs from, and the secrets given on the command line.
    private func chosen(_ configuration: BrokerConfiguration) throws -> BrokerConfiguration {
        guard !tokens.isEmpty else { return configuration }
        var chosen = configuration
        var wanted = tokens
        var names: Set<String> = []
        while let name = wanted.popLast() {
            let token = try configuration.required(name)
            if names.insert(name).inserted { wanted += token.tokenInputs }
        }
        chosen.tokens = try configuration.tokens.filter { names.contains($0.name) }.map { token in
            token.name == tokens[0] ? try replacing(token) : token
        }
        return chosen
    }

    private func replacing(_ token: TokenConfiguration) throws -> TokenConfiguration {
        var token = token
        for text in with {
            guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
                throw ValidationError("--with: \(text) must be INPUT=@FILE")
            }
            let (name, value) = (String(text[..<equals]), String(text[text.index(after: equals)...]))
            guard let input = token.provider.input(name), input.isSecret else {
                let secrets = token.provider.inputs.filter(\.isSecret).map(\.name)
                throw ValidationError(
                    "--with: \(token.provider.name) has no secret input \(name)\(Suggestion.text(for: name, among: secrets, "secrets"))")
            }
            guard value.hasPrefix("@"), value.count > 1 else {
                throw ValidationError("--with: give a file, \(name)=@FILE, so that the secret is in no shell history")
            }
            do {
                let bytes = try SmallFile(String(value.dropFirst())).bytes(atMost: SystemSecretSource.maximumBytes)
                token.inputs[name] = .secret([.value(try SecretText.secret(in: bytes, at: "file \(value.dropFirst())"))])
            } catch let error as SystemCallError {
                explain("tokenbroker: --with: file \(value.dropFirst()): \(SystemCallError.text(of: error.code))")
                throw ProgramExit.noInput
            } catch {
                explain("tokenbroker: --with: \(error)")
                throw ProgramExit.noInput
            }
        }
        return token
    }

    private func show(_ report: CheckReport) {
        if json {
            print(report.json.jsonText)
        } else {
            for fault in report.faults { explain(fault.description) }
            for note in report.notes + report.listeners.notes.map({ "note: \($0)" }) + report.listeners.faults { explain(note) }
            let store = report.store.isEmpty ? "" : ConfigurationFiles.places(in: files.path)(["store"])
            for fault in report.store { explain("\(store): store: \(fault)") }
            if !report.hasErrors { print(report.text) }
        }
    }

    /// Whether to log in to an exclusive entry, which ends the session that the running daemon has.
    private func mayEndSession(of token: TokenConfiguration) -> Bool {
        if exclusive { return true }
        guard !json, isatty(0) == 1 else { return false }
        explain("\(token.name) is exclusive: this login ends the session of a running daemon, which then logs in again. Log in? [y/N]")
        return readLine()?.lowercased().hasPrefix("y") ?? false
    }

    /// As whom the check reads.
    private static func rights(_ identity: ServiceIdentity?, isWanted: Bool) -> [String] {
        guard isWanted, ServiceIdentity.isRoot else { return [] }
        if let identity { return ["note: files are read as user \(identity.name), as the service reads them; --user names another"] }
        return ["warning: files are read as root, since there is no user \(ServiceIdentity.unitUser); --user names the service's user"]
    }

    /// Warnings about how the shipped unit affects the sources of secrets.
    private static func advice(_ configuration: BrokerConfiguration) -> [String] {
        var advice: Set<String> = []
        for reference in configuration.references {
            switch reference {
            case .environment(let name):
                advice.insert("warning: environment variable \(name): `systemctl show` shows a unit's environment to every user")
            case .command(let words, _):
                let program = words.first ?? ""
                let mend =
                    program.hasPrefix("/")
                    ? "it needs a drop-in with ExecPaths=\(program)" : "give its absolute path, and a drop-in with ExecPaths= of that"
                advice.insert("warning: command \(program): under the shipped unit \(mend)")
            case .file, .credential, .value: break
            }
        }
        let now = SystemClocks().wall
        for client in configuration.clients where !client.keys.isEmpty && client.keys.allSatisfy({ $0.notAfter.map { $0 <= now } ?? false }) {
            advice.insert("warning: clients.\(client.name): the time of its key is over; nobody is this client")
        }
        return advice.sorted()
    }
}
