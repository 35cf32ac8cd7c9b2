import ArgumentParser
import Files
import Glibc
import HTTPTypes
import JSON

struct ExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a command with the current token in its environment.",
        discussion: """
            The token of zapper-jo is in ZAPPER_JO_TOKEN, or in the variable that --as names. It is the one of the command's start: a command that \
            runs longer than the token lives asks for itself.
            """)

    @OptionGroup var token: TokenArguments
    @Option(name: .customLong("as"), help: "The environment variable.")
    var variable: String?
    @Option(help: "The minimum remaining lifetime, in seconds.")
    var minValid: Int?
    @Argument(parsing: .postTerminator, help: "The command and its arguments.")
    var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("put the command after --: tokenbroker exec \(token.name) -- COMMAND") }
        if let variable, variable.isEmpty || variable.first?.isNumber ?? true || !variable.utf8.allSatisfy(Self.isNameByte) {
            throw ValidationError("--as \(variable) is not the name of a variable")
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
    }

    func run() async throws {
        let path = BrokerClient.path("v1", "tokens", token.name, query: try token.query(minValid: minValid))
        let answer = try await BrokerClient().json(.get, path)
        let name = variable ?? TokenText.variable(token.name)
        guard let value = answer["access_token"]?.text, unsafe setenv(name, value, 1) == 0 else {
            explain("tokenbroker: the token cannot be put into the variable \(name)")
            throw ProgramExit.dataFault
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) } + [nil]
        signal(SIGPIPE, SIG_DFL)
        unsafe execvp(command[0], &arguments)
        let code = errno
        explain("tokenbroker: \(command[0]): \(SystemCallError.text(of: code))")
        // As a shell answers: not found, or not to be run.
        throw ExitCode(code == ENOENT ? 127 : 126)
    }
}
