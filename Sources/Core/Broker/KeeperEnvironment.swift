package import Fleet
package import Login
package import Store
package import Time
package import Tokens

/// The dependencies of all keepers, injected; shared by them.
package final class KeeperEnvironment: Sendable {
    package let clocks: any Clocks
    package let performer: LoginPerformer
    package let events: any EventSink
    package let identity: HostIdentity
    package let schedule: RefreshSchedule
    /// Nil if tokens are kept only in memory.
    package let store: StoreWriter?
    /// Nil if this host shares no accounts.
    package let fleet: FleetMember?
    /// Makes the random number generator for one keeper's jitter.
    package let makeGenerator: @Sendable () -> any RandomNumberGenerator & Sendable

    package init(
        clocks: any Clocks, performer: LoginPerformer, events: any EventSink, identity: HostIdentity, schedule: RefreshSchedule,
        store: StoreWriter? = nil, fleet: FleetMember? = nil,
        makeGenerator: @escaping @Sendable () -> any RandomNumberGenerator & Sendable = { SystemRandomNumberGenerator() }
    ) {
        self.clocks = clocks
        self.performer = performer
        self.events = events
        self.identity = identity
        self.schedule = schedule
        self.store = store
        self.fleet = fleet
        self.makeGenerator = makeGenerator
    }
}
