package import Store

/// An event that a watch reports.
package enum FleetNews: Sendable {
    case record(FleetRecord)
    /// A token's lock was released.
    case unlocked(RecordName)
}

/// What the keepers of tokens hear of the store.
package enum FleetHearing: Sendable {
    case record(FleetRecord)
    /// A load has ended; these records were in the store.
    case loaded(Set<FleetName>)
}
