import ArgumentParser
import BrokerDaemon
import Glibc

@main
struct TokenBrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenbroker",
        abstract: "Keeps partner tokens alive and hands them to local programs.", version: "tokenbroker \(Version.current)",
        subcommands: [
            ServeCommand.self, CheckCommand.self, DoctorCommand.self, GetCommand.self, ExecCommand.self, ListCommand.self, StatusCommand.self,
            RefreshCommand.self,
            HistoryCommand.self,
            PauseCommand.self, ResumeCommand.self, RevokeCommand.self, StoreCommand.self, ProvidersCommand.self, SchemaCommand.self,
            ClientCommand.self, SimulateCommand.self,
            CallCommand.self, LoginCommand.self,
            ReloadCommand.self,
            VersionCommand.self,
        ])

    /// The arguments come from /proc (proc(5), /proc/pid/cmdline): without it every command would look like none.
    static func main() async {
        // Before another thread allocates, and has an arena of its own (mallopt(3)).
        ProcessMemory.useOneArena()
        guard unsafe access("/proc/self/cmdline", R_OK) == 0 else {
            explain("tokenbroker: /proc is not mounted, and the program needs it; mount it with: mount -t proc proc /proc")
            Glibc.exit(ProgramExit.unavailable.rawValue)
        }
        await main(nil)
    }
}
