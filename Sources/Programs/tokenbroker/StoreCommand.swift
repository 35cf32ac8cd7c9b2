import ArgumentParser
import Configuration
import Secrets
import Store
import Time

struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "store", abstract: "Look after the store.", subcommands: [Rekey.self])

    struct Rekey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal the store with another key, while no daemon uses it.",
            discussion: """
                A key in a file is drawn anew and takes the file's place; one from elsewhere is given by --key-file, and the credential is to \
                hold it before the daemon starts. Fingerprints are others afterwards.
                """)

        @OptionGroup var files: ConfigurationOption
        @Option(help: "The new key, in a file of mode 0600: 32 bytes, or their base64 or hexadecimal.")
        var keyFile: String?
        @Option(help: "Where the store is when the configuration does not say: the service's state folder.")
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
