import ArgumentParser
import HTTPTypes
import JSON
import Time

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "history", abstract: "List past logins, newest first.")

    /// The logins of a token that the store keeps.
    private static let kept = 1000

    @Argument(help: "The token's name.", completion: Completion.tokens)
    var name: String
    @Option(help: ArgumentHelp("The number of logins to show; 20, or all since the time given.", valueName: "number"))
    var last: Int?
    @Option(help: ArgumentHelp("Only logins of this time until now, such as 24h, and a summary of them.", valueName: "duration"))
    var since: String?
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard last ?? 1 > 0 else { throw ValidationError("--last must be at least 1") }
        if let since, DurationSyntax.parse(since).map({ $0 > .zero }) != true {
            throw ValidationError("--since must be a duration such as 90m, 24h or 7d, not \(since)")
        }
    }

    func run() async throws {
        let answer = try await BrokerClient().json(.get, BrokerClient.path("v1", "tokens", name, "history", query: []))
        guard case .array(let all)? = answer["logins"] else { return print(answer.jsonText) }
        let span = since.flatMap(DurationSyntax.parse)
        let begin = span.map { SystemClocks().wall - $0 }
        let logins =
            begin.map { begin in all.filter { $0["at"]?.text.flatMap { CalendarTime.parseRFC3339($0) }.map { $0 >= begin } ?? false } } ?? all
        let summary = HistorySummary(logins)
        if json {
            guard span != nil, case .object(var members) = answer else { return print(answer.jsonText) }
            (members["logins"], members["summary"]) = (.array(Array(logins.prefix(last ?? .max))), summary.json)
            return print(JSONValue.object(members).jsonText)
        }
        guard !logins.isEmpty else { return explain(since.map { "no logins in the last \($0)" } ?? "no logins yet") }
        var table = Table(["AT", "OUTCOME", "TOOK", "STATUS", "REASON"])
        for login in logins.prefix(last ?? (since == nil ? 20 : .max)) {
            table.rows.append([
                Table.Cell(login["at"]?.text ?? ""), Table.Cell(login["outcome"]?.text ?? ""),
                Table.Cell("\(login["took_ms"]?.scalarText ?? "?") ms"),
                Table.Cell(login["status"]?.scalarText ?? "-"), Table.Cell(login["reason"]?.text ?? ""),
            ])
        }
        print(table.text())
        if let since { print("last \(since): \(summary.text)") }
        if span != nil, logins.count == all.count, all.count >= Self.kept {
            explain("note: the store keeps \(Self.kept) logins of a token; there may have been more in that time")
        }
    }
}
