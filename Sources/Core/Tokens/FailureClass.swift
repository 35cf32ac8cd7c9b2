/// Failures sorted by what to do next.
package enum FailureClass: String, Sendable, CaseIterable {
    case transient
    case timedOut = "timed_out"
    case certificate
    case throttled
    case rejected
    case refused
    case badReply = "bad_reply"
    case local
    /// A token input has no usable token; costs no attempt here.
    case waiting

    /// The trouble in the words callers know it by.
    package var trouble: String {
        switch self {
        case .transient, .certificate, .local, .waiting: "partner-unavailable"
        case .timedOut: "partner-timeout"
        case .throttled: "partner-throttled"
        case .rejected: "credentials-rejected"
        case .refused: "login-refused"
        case .badReply: "bad-partner-reply"
        }
    }
}
