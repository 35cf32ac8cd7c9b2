package import Admission
package import Broker
package import Configuration
package import Synchronization

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

/// Where the current `Serving` stands; loops look at its version once a batch.
package final class ServingBoard: Sendable {
    package let version = Atomic<UInt64>(1)
    private let current: Mutex<Serving>

    package init(_ serving: Serving) {
        current = Mutex(serving)
    }

    package var serving: Serving { current.withLock { $0 } }

    package func replace(_ serving: Serving) {
        current.withLock { $0 = serving }
        version.add(1, ordering: .releasing)
    }
}
