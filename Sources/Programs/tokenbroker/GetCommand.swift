import ArgumentParser
import HTTPTypes
import JSON

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "Print the current token.")

    @OptionGroup var token: TokenArguments
    @Flag(help: "Print the header lines to send to the partner.")
    var header = false
    @Flag(help: "Print the daemon's complete answer as JSON.")
    var json = false
    @Option(help: "The minimum remaining lifetime, in seconds.")
    var minValid: Int?
    @Option(help: "How long to wait for a usable token, in seconds.")
    var wait: Int?

    func run() async throws {
        var query = try token.query()
        if let minValid { query.append(("min_valid", String(minValid))) }
        if let wait { query.append(("wait", String(wait))) }
        let path = BrokerClient.path("v1", "tokens", token.name, query: query)
        let answer = try await BrokerClient().json(.get, path)
        if json {
            print(answer.jsonText)
        } else if header, case .object(let headers)? = answer["headers"] {
            for (name, value) in headers.sorted(by: { $0.key < $1.key }) { print("\(name): \(value.text ?? "")") }
        } else {
            print(answer["access_token"]?.text ?? "")
        }
    }
}
