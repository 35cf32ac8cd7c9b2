/// Why a login brought no token. The reason is the broker's and safe to show; the partner's own message is kept separately.
package struct LoginFailure: Error, Sendable, Equatable {
    package var failureClass: FailureClass
    /// Lower-case start, no full stop, nothing secret.
    package var reason: String
    /// The status of the partner's answer; nil without an answer.
    package var status: Int?
    /// The partner's message, redacted and shortened; for log and status, never for a caller.
    package var partnerMessage: String?
    /// The pause the partner asked for.
    package var retryAfter: Duration?
    /// Whether the pause holds for every entry of the same account: that of a 429 does, that of a 5xx is its own entry's.
    package var pausesAccount = false
    /// The account that is paused, as the gate names it, so that a restart can pause it again.
    package var pausedAccount: String?
    /// Whether the partner refused the grant itself: `invalid_grant` (RFC 6749 §5.2), or what the definition calls rejected.
    package var rejectsGrant = false
    /// Whether the answer is `invalid_request`, which RFC 8693 §2.2.2 states for a bad input token too.
    package var isInvalidRequest = false
    /// Whether only a person can log in: nothing is tried until one has.
    package var waitsForPerson = false
    /// Whether `retryAfter` is the entry's own turn, which it must not miss.
    package var hasTurn = false
    /// The `error` of an OAuth2 answer, for a flow that goes by it.
    package var oauth2Error: String?
    /// Whether a change of this host's clock may mend it.
    package var waitsForClock = false
    /// For a `waiting` failure: the class of the failure it waits for.
    package var waitingFor: FailureClass?

    /// Whether the failure applies to every host that uses the account: it is about the account or the partner, not about this
    /// host's files or trusted certificates.
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

extension LoginFailure {
    /// Whether a token sent in the login may be the cause.
    package var mayBlameInput: Bool { failureClass == .rejected || isInvalidRequest }
}
