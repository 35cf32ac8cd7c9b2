import ArgumentParser
import HTTPTypes
import JSON

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "history", abstract: "List past logins, newest first.")

    @Argument(help: "The token's name.")
    var name: String
    @Option(help: ArgumentHelp("The number of logins to show.", valueName: "number"))
    var last = 20
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard last > 0 else { throw ValidationError("--last must be at least 1") }
    }

    func run() async throws {
        let answer = try await BrokerClient().json(.get, BrokerClient.path("v1", "tokens", name, "history", query: []))
        guard !json, case .array(let logins)? = answer["logins"] else { return print(answer.jsonText) }
        guard !logins.isEmpty else { return explain("no logins yet") }
        var table = Table(["AT", "OUTCOME", "TOOK", "STATUS", "REASON"])
        for login in logins.prefix(last) {
            table.rows.append([
                Table.Cell(login["at"]?.text ?? ""), Table.Cell(login["outcome"]?.text ?? ""),
                Table.Cell("\(login["took_ms"]?.scalarText ?? "?") ms"),
                Table.Cell(login["status"]?.scalarText ?? "-"), Table.Cell(login["reason"]?.text ?? ""),
            ])
        }
        print(table.text())
    }
}
