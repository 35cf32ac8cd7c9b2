package import Store

/// An event that a watch reports.
package enum FleetNews: Sendable {
    case record(FleetRecord)
    /// A token's lock was released.
    case unlocked(RecordName)
}
