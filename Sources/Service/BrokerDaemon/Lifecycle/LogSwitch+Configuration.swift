package import Configuration
import Logging
package import Observability

extension LogSwitch {
    /// Takes over what the configuration says.
    package func apply(_ configuration: LogConfiguration) {
        level = Logger.Level(rawValue: configuration.level.rawValue) ?? .info
        format =
            switch configuration.format {
            case .text: .text
            case .json: .json
            case .journal: .journal
            }
    }
}
