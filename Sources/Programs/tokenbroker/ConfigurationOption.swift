import ArgumentParser
import BrokerDaemon
import Configuration
import Glibc
import Logging
import YAML

/// The option `--config` of every subcommand that reads the configuration.
struct ConfigurationOption: ParsableArguments {
    @Option(help: "The configuration file.")
    var config = "/etc/tokenbroker/config.yaml"

    /// Reads the configuration; reports every fault on standard error and throws the exit code EX_CONFIG (78).
    func read() throws -> (configuration: BrokerConfiguration, warnings: [ConfigurationFault]) {
        do throws(ConfigurationFaults) {
            return try ConfigurationFiles.read(config)
        } catch {
            explain(error.description)
            throw ProgramExit.configuration
        }
    }
}
