/// Why a stored record of a fleet cannot be read.
package enum FleetRecordFault: Sendable, Equatable {
    /// It does not open with this fleet's key: another key sealed it, or it was changed.
    case sealed
    /// It is larger than any record.
    case tooLarge
}
