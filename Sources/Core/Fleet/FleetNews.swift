package import Store

/// What a watch tells.
package enum FleetNews: Sendable {
    case record(FleetRecord)
    /// The lock of a token is free.
    case unlocked(RecordName)
}
