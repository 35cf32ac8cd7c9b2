import Store

package enum FleetWriting: Sendable {
    case written(revision: Int64)
    /// Somebody else has written since; what is there now.
    case refused(FleetRecord?)
}
