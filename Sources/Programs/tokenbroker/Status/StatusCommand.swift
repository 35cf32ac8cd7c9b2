import ArgumentParser
import Glibc
import HTTPTypes
import JSON
import Secrets

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show each token's state and next refresh.")

    @Argument(help: "The token's name; all tokens where it is omitted.", completion: Completion.tokens)
    var name: String?
    @Option(name: .customLong("input"), help: "A per-request input, NAME=VALUE. May be given several times.")
    var inputs: [String] = []
    @Flag(help: "Show a live table until q is pressed; where the output is no terminal, print one every second.")
    var watch = false
    @Option(help: ArgumentHelp("The order of the live table: \(LiveTable.Order.all).", valueName: "column"))
    var sort = LiveTable.Order.trouble
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let client = try await BrokerClient()
        guard watch else { return print(try await text(client)) }
        if name == nil, !json, Table.isTerminal, isatty(0) == 1 { return try await StatusWatch(client, order: sort).run() }
        print(try await text(client))
        while true {
            fflush(nil)
            try await Task.sleep(for: .seconds(1))
            // A daemon that restarts is there again in a moment.
            do {
                let text = try await text(client)
                print(Table.isTerminal ? "\u{1B}[H\u{1B}[J\(text)" : text)
            } catch let error as ExitCode where error == ProgramExit.unavailable {}
        }
    }

    private func text(_ client: BrokerClient) async throws -> String {
        guard let name else {
            let answer = try await client.known("/v1/tokens")
            guard !json, case .array(let tokens)? = answer["tokens"] else { return answer.jsonText }
            return StatusTable.text(tokens, summary: answer["summary"]?.text)
        }
        let query = try inputs.map { try KeyValue($0).pair }
        let answer = try await client.known(BrokerClient.path("v1", "tokens", name, "status", query: query))
        return json ? answer.jsonText : Self.explanation(answer)
    }

    /// All facts about one token, one on each line.
    private static func explanation(_ status: JSONValue) -> String {
        var rows: [(String, String)] = []
        func add(_ label: String, _ value: String?) { if let value { rows.append((label, value)) } }
        add("token", status["name"]?.text)
        add("provider", status["provider"]?.text)
        add("state", status["state"]?.text)
        add("fingerprint", status["fingerprint"]?.text)
        add("issued", status["issued_at"]?.text)
        add("expires", status["expires_at"]?.text.map { "\($0) (in \(StatusTable.words(status["expires_in"]) ?? "?"))" })
        add("lifetime", StatusTable.words(status["lifetime"]).map { "\($0), from \(status["expiry_source"]?.text ?? "?")" })
        add("learned lifetime", StatusTable.words(status["learned_lifetime"]))
        add("margin", StatusTable.words(status["margin"]))
        add("jitter drawn", StatusTable.words(status["jitter"]))
        let reason = status["next_refresh_reason"]?.text ?? ""
        add(
            "next refresh",
            status["next_refresh_at"]?.text.map { "\($0) (in \(StatusTable.words(status["next_refresh_in"]) ?? "?")): \(reason)" }
                ?? "none: \(reason)")
        add("logins", status["logins"]?.scalarText)
        add("logins left this hour", status["budget"]?["left"]?.scalarText.map { "\($0) of \(status["budget"]?["cap"]?.scalarText ?? "?")" })
        add("clock skew", StatusTable.words(status["clock_skew"]))
        if let failure = status["last_failure"] {
            add("failures in a row", status["failures_in_a_row"]?.scalarText)
            add("last failure", "\(failure["class"]?.text ?? ""): \(failure["reason"]?.text ?? "")")
            add("partner message", failure["partner_message"]?.text)
            add("what to do", failure["advice"]?.text)
        }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { "\($0.0)\(String(repeating: " ", count: width - $0.0.count))  \(VisibleText.escaped($0.1))" }.joined(separator: "\n")
    }
}
