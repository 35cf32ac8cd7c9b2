package import Fleet
package import Login
package import Store
package import Time
package import Tokens

/// A keeper's dependencies, all injected.
package struct KeeperEnvironment: Sendable {
    package var clocks: any Clocks
    package var performer: LoginPerformer
    package var events: any EventSink
    package var identity: HostIdentity
    package var schedule: RefreshSchedule
    /// Nil if tokens are kept only in memory.
    package var store: StoreWriter?
    /// Nil if this host shares no accounts.
    package var fleet: FleetMember?
    /// Makes the random number generator for one keeper's jitter.
    package var makeGenerator: @Sendable () -> any RandomNumberGenerator & Sendable

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
