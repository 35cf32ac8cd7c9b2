import ArgumentParser
import BrokerDaemon
import Configuration
import YAML

/// The option `--config` of every subcommand that reads the configuration.
struct ConfigurationOption: ParsableArguments {
    @Option(
        name: .customLong("config"), help: ArgumentHelp("The configuration file; \(defaultPath) by default.", valueName: "file"),
        completion: .file(extensions: ["yaml"]))
    var paths: [String] = []

    private static let defaultPath = "/etc/tokenbroker/config.yaml"

    var path: String { paths.first ?? Self.defaultPath }

    func validate() throws {
        guard paths.count <= 1 else { throw ValidationError("--config is given \(paths.count) times; one file is the configuration") }
    }

    /// The definitions that a configuration has: the built-in ones, too, where there is no such file.
    func providers() -> ConfigurationReader.Providers { ConfigurationFiles.providers(path) }

    /// Reads the configuration, without reporting its faults.
    func attempt() -> Result<(configuration: BrokerConfiguration, warnings: [ConfigurationFault]), ConfigurationFaults> {
        do throws(ConfigurationFaults) {
            return .success(try ConfigurationFiles.read(path))
        } catch {
            return .failure(error)
        }
    }

    /// Reads the configuration; reports every fault on standard error and throws EX_CONFIG (78), or EX_NOINPUT (66) where a file cannot be
    /// read.
    func read() throws -> (configuration: BrokerConfiguration, warnings: [ConfigurationFault]) {
        do throws(ConfigurationFaults) {
            return try ConfigurationFiles.read(path)
        } catch {
            explain(error.description)
            throw error.isUnreadable ? ProgramExit.noInput : ProgramExit.configuration
        }
    }
}
