import ArgumentParser
import HTTPTypes
import JSON

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Make no logins of a token until it is resumed, also after a restart; the token in hand is served while it lives.")

    @OptionGroup var token: TokenArguments
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws { try await Hold.order("pause", token, json: json) }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Take pause or revoke back.")

    @OptionGroup var token: TokenArguments
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws { try await Hold.order("resume", token, json: json) }
}

struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Give a token up, end its session at the partner where the definition has logout, and make no logins until resume.")

    @OptionGroup var token: TokenArguments
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let path = BrokerClient.path("v1", "tokens", token.name, "revoke", query: try token.query())
        let answer = try await BrokerClient().json(.post, path, body: [])
        if json { return print(answer.jsonText) }
        let session =
            switch answer["logout"]?.text {
            case "done": "its session at the partner is ended"
            case "failed": "the partner did not end its session: \(answer["reason"]?.text ?? "")"
            default: "the partner was not told: there was no token, or its definition has no logout"
            }
        print("\(token.name) is given up; \(session)\n`tokenbroker resume \(token.name)` logs in again")
        if answer["logout"]?.text == "failed" { throw ProgramExit.unavailable }
    }
}

/// An order about one token.
private enum Hold {
    static func order(_ verb: String, _ token: TokenArguments, json: Bool) async throws {
        let answer = try await BrokerClient().json(.post, BrokerClient.path("v1", "tokens", token.name, verb, query: try token.query()), body: [])
        print(json ? answer.jsonText : StatusTable.text([answer]))
    }
}
