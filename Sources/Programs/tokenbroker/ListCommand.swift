import ArgumentParser
import HTTPTypes
import JSON

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the tokens this caller may use.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let answer = try await BrokerClient().known("/v1/tokens")
        guard !json, case .array(let tokens)? = answer["tokens"] else { return print(answer.jsonText) }
        var table = Table(["TOKEN", "PROVIDER", "STATE", "LIFE LEFT"])
        for token in tokens {
            let life = StatusTable.words(token["expires_in"]) ?? "-"
            table.rows.append([token["name"]?.text ?? "", token["provider"]?.text ?? "", token["state"]?.text ?? "", life].map { Table.Cell($0) })
        }
        print(table.text())
    }
}
