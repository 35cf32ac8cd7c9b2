import ArgumentParser
import JSON

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Make no logins of a token until it is resumed, also after a restart; the token in hand is served while it lives.")

    @OptionGroup var token: TokenArguments
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws { try await token.printStatus(after: "pause", json: json) }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Take pause or revoke back.")

    @OptionGroup var token: TokenArguments
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws { try await token.printStatus(after: "resume", json: json) }
}

struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Give a token up, end its session at the partner where the definition has logout, and make no logins until resume.")

    @OptionGroup var token: TokenArguments
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let answer = try await token.order("revoke")
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
