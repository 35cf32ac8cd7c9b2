/// Why a login brought no token. The reason is ours and safe to show to the operator; the partner's own words stand apart.
package struct LoginFailure: Error, Sendable, Equatable {
    package var failureClass: FailureClass
    /// Lower-case start, no full stop, nothing secret.
    package var reason: String
    /// The partner's status, where an answer came.
    package var status: Int?
    /// The partner's words, redacted and shortened; for log and status, never for a caller.
    package var partnerMessage: String?
    /// The pause the partner asked for.
    package var retryAfter: Duration?
    /// What is waited for, of a `waiting` failure: the class of the trouble elsewhere.
    package var waitingFor: FailureClass?

    /// Whether every host that uses the account may take it as its own: it says something of the account or the partner, and
    /// nothing of this host's files or trust.
    package var concernsAll: Bool {
        switch failureClass {
        case .rejected, .throttled, .transient, .timedOut, .refused, .badReply: true
        case .certificate, .local, .waiting: false
        }
    }

    package init(_ failureClass: FailureClass, _ reason: String, status: Int? = nil) {
        self.failureClass = failureClass
        self.reason = reason
        self.status = status
    }
}
