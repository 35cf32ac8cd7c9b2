/// Everything an operator may know of one token: why the next refresh is when it is. Holds no token value.
package struct TokenStatus: Sendable {
    package enum State: String, Sendable {
        case fresh, stale
        /// No token in hand.
        case pending, failing, latched, idle
    }

    package var name: String
    package var provider: String
    /// Values of per-request inputs, for one of a token's combinations.
    package var inputs: [String: String] = [:]
    package var isRequired: Bool
    package var state: State
    package var isLoggingIn: Bool
    package var fingerprint: String?
    package var issuedAt: WallTime?
    /// As the wall clock stands now.
    package var expiresAt: WallTime?
    package var remaining: Duration?
    package var expiryOrigin: Expiry.Origin?
    package var lifetime: Duration?
    package var learnedLifetime: Duration?
    package var margin: Duration?
    package var jitter: Duration?
    package var nextRefreshAt: WallTime?
    package var untilNextRefresh: Duration?
    package var logins: Int
    package var failuresInARow: Int
    package var lastFailure: LoginFailure?
    package var clockSkew: Duration?
    package var budgetLeft: Int
    package var budgetCap: Int
}

extension TokenStatus {
    init(_ state: TokenState, configuration: TokenConfiguration, perRequest: [String: String], isLoggingIn: Bool, now: BootInstant, wall: WallTime) {
        let token = state.token.flatMap { $0.isAlive(at: now) ? $0 : nil }
        let next = state.nextAttempt(at: now)
        name = configuration.name
        provider = configuration.provider.name
        inputs = perRequest
        isRequired = configuration.isRequired
        self.isLoggingIn = isLoggingIn
        fingerprint = token?.fingerprint
        issuedAt = token?.issuedAtWall
        remaining = token?.remaining(at: now)
        expiresAt = remaining.map { wall + $0 }
        expiryOrigin = token?.expiry.origin
        lifetime = token?.expiry.lifetime
        margin = lifetime.map(state.policy.margin)
        jitter = token == nil ? nil : state.jitterDrawn
        untilNextRefresh = next.map { max(.zero, $0 - now) }
        nextRefreshAt = untilNextRefresh.map { wall + $0 }
        logins = state.logins
        failuresInARow = state.failuresInARow
        lastFailure = state.lastFailure
        clockSkew = token?.expiry.clockSkew
        budgetCap = state.budgetCap
        budgetLeft = state.budget.left(.schedule, cap: state.budgetCap, at: now)
        if case .after(let configured)? = (configuration.expires ?? configuration.provider.token.expires).first {
            learnedLifetime = state.learned.learned(configured: configured, now: now)
        }
        self.state = Self.state(state, token: token, isLoggingIn: isLoggingIn, now: now)
    }

    private static func state(_ state: TokenState, token: Token?, isLoggingIn: Bool, now: BootInstant) -> State {
        if token != nil {
            let isDue = isLoggingIn || state.lastFailure != nil || state.isReported || state.refreshAt.map { $0 <= now } ?? false
            return isDue ? .stale : .fresh
        }
        if state.isLatched { return .latched }
        if state.lastFailure != nil { return .failing }
        return state.isIdle(at: now) ? .idle : .pending
    }
}
