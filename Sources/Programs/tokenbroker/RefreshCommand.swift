import ArgumentParser

struct RefreshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "refresh", abstract: "Log in again now.")

    @OptionGroup var token: TokenArguments
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws { try await token.printStatus(after: "refresh", json: json) }
}
