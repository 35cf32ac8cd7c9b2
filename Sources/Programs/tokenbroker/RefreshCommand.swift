import ArgumentParser
import HTTPTypes
import JSON

struct RefreshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "refresh", abstract: "Log in again now.")

    @OptionGroup var token: TokenArguments
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let path = BrokerClient.path("v1", "tokens", token.name, "refresh", query: try token.query())
        let answer = try await BrokerClient().json(.post, path, body: [])
        print(json ? answer.jsonText : StatusTable.text([answer]))
    }
}
