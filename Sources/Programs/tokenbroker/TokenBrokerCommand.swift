import ArgumentParser

@main
struct TokenBrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenbroker",
        abstract: "Keeps partner tokens alive and hands them to local programs.",
        subcommands: [
            Serve.self, Check.self, Get.self, List.self, Status.self, Refresh.self, History.self, Store.self, Providers.self, ClientCommand.self,
            Call.self,
            Reload.self,
            VersionCommand.self,
        ])
}
