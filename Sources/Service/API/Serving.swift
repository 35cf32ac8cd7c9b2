package import Admission
package import Broker
package import Configuration

/// What event loops serve: the rules of one configuration and the cells of its tokens. Immutable.
package struct Serving: Sendable {
    package let rules: AdmissionRules
    /// Ordered by name.
    package let cells: [TokenCell]

    /// - Parameter previous: the serving that this one replaces; clients whose limits are unchanged keep their usage.
    package init(_ configuration: BrokerConfiguration, cells: [TokenCell], previous: Serving? = nil) {
        self.cells = cells.sorted { $0.name < $1.name }
        rules = AdmissionRules(configuration, tokens: self.cells.map(\.name), previous: previous?.rules)
    }
}
