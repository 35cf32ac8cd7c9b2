import ArgumentParser
import Glibc
import HTTPTypes
import JSON

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Print the current token, in the form that a program wants it.",
        discussion: """
            Formats: bare (the token), header (the lines to send to the partner), env (NAME_TOKEN='…' for a shell), curl (lines for curl --config), and \
            the protocols of credential helpers: kubectl (an exec plugin), git, docker, aws (credential_process) and keyring. A helper's own \
            arguments, such as git's get, come last.
            """)

    @OptionGroup var token: TokenArguments
    @Argument(parsing: .allUnrecognized, help: "The operation and arguments of a credential helper, as the program adds them: get, store, erase, …")
    var operation: [String] = []
    @Option(help: "\(TokenFormat.allCases.map(\.rawValue).joined(separator: ", ")); bare by default.")
    var format = TokenFormat.bare
    @Flag(help: "Print the daemon's complete answer as JSON.")
    var json = false
    @Option(help: "The minimum remaining lifetime, in seconds.")
    var minValid: Int?
    @Option(help: "How long to wait for a usable token, in seconds.")
    var wait: Int?
    @Option(help: "The user name that git, docker and keyring are given with the token.")
    var username: String?
    @Option(help: "The only host that git, docker or keyring gets the token for; any by default.")
    var host: String?

    func validate() throws {
        if !operation.isEmpty, !format.isHelper {
            throw ValidationError("\(operation[0]) is an operation of a credential helper; --format \(format.rawValue) has none")
        }
        let named = [TokenFormat.git, .docker, .keyring].contains(format)
        if username != nil || host != nil, !named { throw ValidationError("--username and --host apply to the formats git, docker and keyring") }
        if let username, username.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            throw ValidationError("--username has a control character")
        }
        if let option = operation.first(where: { $0.hasPrefix("-") }), format != .keyring { throw ValidationError("Unknown option '\(option)'") }
    }

    func run() async throws {
        // Helpers are asked to store and to list what they were not made for.
        switch operation.first {
        case nil, "get": break
        case "erase" where format == .git: return try await reportRejection()
        case "list" where format == .docker: return print("{}")
        case "store", "approve", "capability", "set", "erase", "reject", "del", "delete":
            _ = drainedInput()
            return
        default: throw ValidationError("\(operation[0]) is not an operation of a credential helper")
        }
        let input = format == .docker || format == .git ? drainedInput() : ""
        guard isForHost(input) else {
            // Each program goes on without this helper.
            if format == .git { return }
            if format == .docker { print("credentials not found in native keychain") }
            throw ExitCode(1)
        }
        let path = BrokerClient.path("v1", "tokens", token.name, query: try token.query(minValid: minValid, wait: wait))
        let answer = try await BrokerClient().json(.get, path)
        if json { return print(answer.jsonText) }
        let text = TokenText(answer, name: token.name, username: username, input: input)
        guard let lines = text.lines(format) else {
            explain("tokenbroker: \(text.problem(format))")
            throw ProgramExit.dataFault
        }
        // keyring's own command line: --mode creds prints both.
        print(operation.contains("creds") ? "\(username ?? "token")\n\(lines)" : lines)
    }

    /// Whether the program asks for the host that the token is for.
    func isForHost(_ input: String) -> Bool {
        guard let host else { return true }
        let asked =
            format == .git
            ? input.split(separator: "\n").first { $0.hasPrefix("host=") }.map { String($0.dropFirst(5)) } ?? ""
            : format == .docker
                ? input.split(separator: "\n").first.map(String.init) ?? "" : operation.first { $0.contains(".") || $0.contains("://") } ?? ""
        let bare = asked.firstRange(of: "://").map { String(asked[$0.upperBound...]) } ?? asked
        return bare.prefix { $0 != "/" }.lowercased() == host.lowercased()
    }

    /// git's `erase`: the partner refused the password that it names.
    private func reportRejection() async throws {
        let refused = drainedInput().split(separator: "\n").first { $0.hasPrefix("password=") }.map { String($0.dropFirst(9)) }
        let client = try await BrokerClient()
        let path = BrokerClient.path("v1", "tokens", token.name, query: try token.query())
        let answer = try await client.json(.get, path)
        guard let refused, answer["access_token"] == .string(refused), let fingerprint = answer["fingerprint"]?.text else { return }
        let report = JSONValue.object(["fingerprint": .string(fingerprint), "status": 401])
        _ = try await client.json(
            .post, BrokerClient.path("v1", "tokens", token.name, "rejections", query: try token.query()), body: Array(report.jsonText.utf8))
    }

    /// Standard input to its end, which helpers' callers close; at most 64 KiB.
    private func drainedInput() -> String {
        guard isatty(0) == 0 else { return "" }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 64 * 1024 {
            let count = unsafe read(0, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
            // git ends its request with an empty line, and may keep the pipe open.
            if format == .git, bytes.suffix(2).elementsEqual("\n\n".utf8) { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
