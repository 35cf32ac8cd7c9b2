package import Admission
package import Broker
package import Configuration
import Synchronization

/// What event loops serve by: the rules of one configuration and the cells of its tokens. Immutable.
package struct Serving: Sendable {
    package let rules: AdmissionRules
    /// Ordered by name.
    package let cells: [TokenCell]

    /// - Parameter previous: what clients have used up stays used up where their limits are the same.
    package init(_ configuration: BrokerConfiguration, cells: [TokenCell], previous: Serving? = nil) {
        self.cells = cells.sorted { $0.name < $1.name }
        rules = AdmissionRules(configuration, tokens: self.cells.map(\.name), previous: previous?.rules)
    }
}
