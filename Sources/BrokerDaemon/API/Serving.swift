package import BrokerCore
package import Synchronization

/// What event loops serve by: the rules of one configuration and the cells of its tokens. Immutable.
package struct Serving: Sendable {
    package let requestGuard: RequestGuard
    package let identifier: CallerIdentifier
    package let policy: AccessPolicy
    /// What clients have used up of their limits, by their place in the configuration.
    let uses: [ClientUse?]
    let bounds: ConnectionBounds
    let hasOpenMetrics: Bool
    /// Ordered by name.
    package let cells: [TokenCell]

    /// - Parameter previous: what clients have used up stays used up where their limits are the same.
    package init(_ configuration: BrokerConfiguration, cells: [TokenCell], previous: Serving? = nil) {
        requestGuard = RequestGuard(hosts: configuration.hosts)
        identifier = CallerIdentifier(configuration)
        policy = AccessPolicy(configuration)
        let before = (previous?.identifier.clients ?? []).enumerated().map { ($1.name, previous?.uses[$0]) }
        let known = Dictionary(before) { $1 }
        uses = configuration.clients.map { client in
            if client.limits == ClientLimits() { return nil }
            if let use = known[client.name] ?? nil, use.limits == client.limits { return use }
            return ClientUse(client.limits)
        }
        bounds = configuration.limits
        hasOpenMetrics = configuration.hasOpenMetrics
        self.cells = cells.sorted { $0.name < $1.name }
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
