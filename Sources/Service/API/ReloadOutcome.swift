/// The outcome of a reload.
package enum ReloadOutcome: Sendable {
    case done(warnings: [String])
    /// Nothing was changed.
    case refused(faults: [String])
    case stopping
}
