import ArgumentParser
import BrokerDaemon
import Configuration
import Glibc
import LocalHTTP
import Logging
import Observability
import Secrets
import Store
import Time
import YAML

/// `--config`, as every subcommand that reads the configuration has it.
struct ConfigurationOption: ParsableArguments {
    @Option(help: "The configuration file.")
    var config = "/etc/tokenbroker/config.yaml"

    /// Reads it; every fault goes to standard error, and the exit code is EX_CONFIG (78).
    func read() throws -> (configuration: BrokerConfiguration, warnings: [ConfigurationFault]) {
        do throws(ConfigurationFaults) {
            return try ConfigurationFiles.read(config)
        } catch {
            explain(error.description)
            throw ProgramExit.configuration
        }
    }
}
