package import Time

/// A finished login.
package struct PastLogin: Sendable, Equatable {
    package var token: String
    package var at: WallTime
    /// `success`, `same_token`, or the failure's class.
    package var outcome: String
    package var took: Duration
    package var status: Int?
    /// Why it failed, in the broker's words.
    package var reason: String?

    package init(token: String, at: WallTime, outcome: String, took: Duration, status: Int? = nil, reason: String? = nil) {
        self.token = token
        self.at = at
        self.outcome = outcome
        self.took = took
        self.status = status
        self.reason = reason
    }
}
