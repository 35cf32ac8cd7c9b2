import Store

package enum FleetLocking: Sendable {
    /// This host's, with what the store held at that moment.
    case mine(FleetLock, FleetRecord?)
    /// Another host's, with what the store holds.
    case taken(FleetRecord?)
}
