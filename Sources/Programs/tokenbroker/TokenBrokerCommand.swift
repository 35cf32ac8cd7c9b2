import ArgumentParser

@main
struct TokenBrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenbroker",
        abstract: "Keeps partner tokens alive and hands them to local programs.",
        subcommands: [
            ServeCommand.self, CheckCommand.self, GetCommand.self, ListCommand.self, StatusCommand.self, RefreshCommand.self, HistoryCommand.self,
            StoreCommand.self, ProvidersCommand.self, ClientCommand.self,
            CallCommand.self,
            ReloadCommand.self,
            VersionCommand.self,
        ])
}
