package import Time

/// A token's state and next refresh, for operators. Holds no token value.
package struct TokenStatus: Sendable {
    package enum State: String, Sendable {
        case fresh, stale
        /// No token in hand.
        case pending, failing, latched, idle, paused, revoked
    }

    package var name: String
    package var provider: String
    /// The values of the per-request inputs, for one combination of an entry.
    package var inputs: [String: String] = [:]
    package var isRequired: Bool
    /// Whether the token in hand can be served.
    package var isUsable: Bool
    package var state: State
    package var isLoggingIn: Bool
    package var fingerprint: String?
    package var issuedAt: WallTime?
    /// By the current wall clock.
    package var expiresAt: WallTime?
    package var remaining: Duration?
    package var expiryOrigin: Expiry.Origin?
    /// Expiry sources of the token's answer that were there and said nothing usable.
    package var ignoredExpirySources: [String] = []
    package var lifetime: Duration?
    package var learnedLifetime: Duration?
    package var margin: Duration?
    package var jitter: Duration?
    package var nextRefreshAt: WallTime?
    package var untilNextRefresh: Duration?
    /// Why it is then, in words.
    package var nextRefreshReason: String
    package var logins: Int
    package var failuresInARow: Int
    package var lastFailure: LoginFailure?
    package var clockSkew: Duration?
    package var budgetLeft: Int
    package var budgetCap: Int
}

extension TokenStatus {
    /// - Parameters:
    ///   - entry: the token's name and its provider's, and whether it is required.
    ///   - configuredLifetime: nil unless only a configured lifetime applies.
    package init(
        _ state: TokenState, of entry: (name: String, provider: String, isRequired: Bool), inputs: [String: String], configuredLifetime: Duration?,
        isLoggingIn: Bool, now: BootInstant, wall: WallTime
    ) {
        let token = state.token.flatMap { $0.isAlive(at: now) ? $0 : nil }
        let next = state.nextAttempt(at: now)
        (name, provider, isRequired) = entry
        self.inputs = inputs
        self.isLoggingIn = isLoggingIn
        isUsable = token?.isUsable(at: now) ?? false
        fingerprint = token?.fingerprint
        issuedAt = token?.issuedAtWall
        remaining = token?.remaining(at: now)
        expiresAt = remaining.map { wall + $0 }
        expiryOrigin = token?.expiry.origin
        lifetime = token?.expiry.lifetime
        margin = lifetime.map(state.policy.margin)
        jitter = token == nil ? nil : state.plan?.jitterDrawn ?? .zero
        untilNextRefresh = next.map { max(.zero, $0 - now) }
        nextRefreshAt = untilNextRefresh.map { wall + $0 }
        nextRefreshReason = state.reasonOfNext(for: entry.name, isLoggingIn: isLoggingIn, at: now)
        logins = state.logins
        failuresInARow = state.trouble?.failuresInARow ?? 0
        lastFailure = state.trouble?.failure
        clockSkew = token?.expiry.clockSkew
        ignoredExpirySources = token?.expiry.ignoredSources ?? []
        budgetCap = state.budgetCap
        budgetLeft = state.budget.left(.schedule, cap: state.budgetCap, at: now)
        learnedLifetime = configuredLifetime.flatMap { state.learned.learned(configured: $0, now: now) }
        self.state = Self.state(state, token: token, isLoggingIn: isLoggingIn, now: now)
    }

    private static func state(_ state: TokenState, token: Token?, isLoggingIn: Bool, now: BootInstant) -> State {
        if let hold = state.hold { return hold == .paused ? .paused : .revoked }
        if token != nil {
            let isDue = isLoggingIn || state.trouble != nil || state.wishes.isReported || state.plan.map { $0.refreshAt <= now } ?? false
            return isDue ? .stale : .fresh
        }
        if let trouble = state.trouble { return trouble.isLatched ? .latched : .failing }
        return state.isIdle(at: now) ? .idle : .pending
    }
}
