/// Why a caller gets no token now.
package struct TokenRefusal: Error, Sendable {
    package enum Reason: Sendable, Equatable {
        case pending
        case minValidNotMet(expiresIn: Duration)
        case minValidUnreachable(longest: Duration)
        case failing(LoginFailure, isLatched: Bool)
        case budgetExhausted
        /// An operator has paused or revoked the entry.
        case held(TokenState.Hold)
        /// An operator's refresh so soon after another.
        case tooSoon
        case stopping
    }

    package var reason: Reason
    /// Until the next planned login; nil: none is planned.
    package var retryAfter: Duration?

    package init(_ reason: Reason, retryAfter: Duration? = nil) {
        self.reason = reason
        self.retryAfter = retryAfter
    }
}
