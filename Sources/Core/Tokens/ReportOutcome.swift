/// The outcome of a rejection report.
package enum ReportOutcome: String, Sendable {
    case refreshing
    case alreadyReplaced = "already_replaced"
    case ignored
}
