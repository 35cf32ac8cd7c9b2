import ArgumentParser
import HTTPTypes
import JSON

struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "reload", abstract: "Reload configuration and secrets.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let answer = try await BrokerClient().json(.post, "/v1/reload", body: [])
        if json { return print(answer.jsonText) }
        if case .array(let warnings)? = answer["warnings"] {
            for warning in warnings { explain("warning: \(warning.text ?? "")") }
        }
        print("reloaded")
    }
}
