import ArgumentParser
import Configuration
import Secrets
import Store
import Time

struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "store", abstract: "Maintain the store.", subcommands: [Rekey.self])

    struct Rekey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Encrypt the store with another key, while no daemon uses it.",
            discussion: """
                A key in a file is replaced by a new random one in the same file. Otherwise --key-file gives the new key, and the credential \
                must contain it before the daemon starts. Fingerprints change.
                """)

        @OptionGroup var files: ConfigurationOption
        @Option(help: "A file of mode 0600 with the new key: 32 bytes, raw or in base64 or hexadecimal.")
        var keyFile: String?
        @Option(help: "The directory of the store where the configuration names none: the service's state directory.")
        var stateDirectory = "/var/lib/tokenbroker"

        func run() async throws {
            let (configuration, _) = try files.read()
            var environment = ProcessEnvironment.all
            if environment["STATE_DIRECTORY"] == nil { environment["STATE_DIRECTORY"] = stateDirectory }
            do throws(StoreFault) {
                let done = try await OpenedStore.rekey(
                    configuration.store, newKey: keyFile.map { .file(path: $0, isShared: false) }, environment: environment,
                    secrets: SystemSecretSource(environment: environment), clocks: SystemClocks())
                print(done)
            } catch {
                explain("tokenbroker: \(error)")
                throw ProgramExit.unavailable
            }
        }
    }
}
