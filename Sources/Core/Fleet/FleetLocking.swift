/// The result of trying to take a lock.
package enum FleetLocking: Sendable {
    /// This host holds the lock; with the record in the store at that moment.
    case mine(FleetLock, FleetRecord?)
    /// Another host holds the lock; with the record in the store, and the lock where it is known.
    case taken(FleetRecord?, HeldLock?)
}
