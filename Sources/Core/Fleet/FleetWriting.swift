/// The result of a conditional write.
package enum FleetWriting: Sendable {
    case written(revision: Int64)
    /// The condition did not hold; with the record that is stored now.
    case refused(FleetRecord?)
}
