package import Time

/// One token's life as a value: what is in hand, what failed, what is due. Every rule of refresh.md that is not about
/// the partner's answer itself is here, as functions of (state, now).
package struct TokenState: Sendable {
    /// Why a login is made.
    package enum Trigger: String, Sendable {
        case schedule
        /// A rejection report, `min_valid`, or `refresh` by a caller.
        case caller
        /// An operator: outside the budget.
        case admin
    }

    package enum Next: Sendable, Equatable {
        case login(Trigger)
        case wait(until: BootInstant)
        /// Nothing is due until somebody asks or changes something.
        case rest
    }

    package var policy: RefreshPolicy
    package internal(set) var token: Token?
    /// When the token in hand is to be renewed; nil: never by schedule.
    package internal(set) var refreshAt: BootInstant?
    /// Drawn once a token.
    package internal(set) var jitterDrawn = Duration.zero
    package internal(set) var failuresInARow = 0
    package internal(set) var lastFailure: LoginFailure?
    package internal(set) var lastFailureAt: BootInstant?
    /// When a failed login is tried again; nil where nothing failed or it never is.
    package internal(set) var retryAt: BootInstant?
    package internal(set) var isLatched = false
    package internal(set) var rejectionsInARow = 0
    package internal(set) var lastSuccessAt: BootInstant?
    package internal(set) var logins = 0
    package internal(set) var budget = LoginBudget()
    package internal(set) var learned = LearnedLifetime()
    /// A login somebody asked for that has not begun.
    package internal(set) var requested: Trigger?
    /// The token in hand was reported as refused by the partner.
    package internal(set) var isReported = false
    package internal(set) var lastAskedAt: BootInstant?
    var lastReportAt: BootInstant?
    var lastEarlyLoginAt: BootInstant?
    var lastAdminAt: BootInstant?
    /// The longest life a token of this partner came with.
    package internal(set) var longestLifetime: Duration?

    package init(policy: RefreshPolicy) {
        self.policy = policy
    }

    package var budgetCap: Int { LoginBudget.cap(lifetime: token?.expiry.lifetime ?? longestLifetime, policy: policy) }

    package func hasLivingToken(at now: BootInstant) -> Bool { token?.isAlive(at: now) ?? false }

    /// No longer renewed because nobody asks.
    package func isIdle(at now: BootInstant) -> Bool {
        guard let idleAfter = policy.idleAfter else { return false }
        return lastAskedAt.map { $0 + idleAfter <= now } ?? (token != nil)
    }

    /// What is to be done now, or when something will be.
    package func next(at now: BootInstant) -> Next {
        if requested == .admin { return .login(.admin) }
        let wished = requested == .caller ? moment(due: retryAt ?? now, from: .caller, at: now) : nil
        let planned = due(at: now).map { moment(due: $0, from: .schedule, at: now) }
        // A wish that the callers' share has no room for does not hold up the schedule.
        if let wished, wished <= planned ?? .distantFuture { return wished <= now ? .login(.caller) : .wait(until: wished) }
        guard let planned else { return .rest }
        return planned <= now ? .login(.schedule) : .wait(until: planned)
    }

    /// When a login that is due may be made within its budget.
    private func moment(due: BootInstant, from account: LoginBudget.Account, at now: BootInstant) -> BootInstant {
        guard due <= now else { return due }
        return budget.free(account, cap: budgetCap, hasUsableToken: hasLivingToken(at: now), at: now)
    }

    /// When the next login is due before the budget is asked; nil: not by itself.
    private func due(at now: BootInstant) -> BootInstant? {
        if isIdle(at: now) { return nil }
        if isLatched { return retryAt }
        if let retryAt { return retryAt }
        guard hasLivingToken(at: now) else { return now }
        return refreshAt
    }

    /// When the next login is planned, for people and for Retry-After; nil: none is.
    package func nextAttempt(at now: BootInstant) -> BootInstant? {
        switch next(at: now) {
        case .login: now
        case .wait(let until): until
        case .rest: nil
        }
    }

    // MARK: Outcomes

    package mutating func loginBegan(_ trigger: Trigger, at now: BootInstant) {
        requested = nil
        logins += 1
        budget.noteLogin(at: now)
        if trigger == .caller { budget.spendCallersShare(at: now) }
    }

    package mutating func failed(
        _ failure: LoginFailure, trigger: Trigger, at now: BootInstant, using generator: inout some RandomNumberGenerator
    ) {
        lastFailure = failure
        lastFailureAt = now
        if failure.failureClass != .waiting { failuresInARow += 1 }
        if failure.failureClass == .rejected {
            rejected(trigger, at: now)
            return
        }
        guard !isLatched else {
            // Latched credentials are known to be bad: another failure does not bring the next try nearer.
            retryAt = policy.latchedRetry.map { now + $0 }
            return
        }
        // A token without end is as alive as one with a long life.
        let endless = Duration.seconds(86_400)
        let living = token.flatMap { token in
            token.isAlive(at: now)
                ? BackoffPolicy.Living(remaining: token.remaining(at: now) ?? endless, lifetime: token.expiry.lifetime ?? endless) : nil
        }
        retryAt = now + BackoffPolicy.delay(failure, count: max(1, failuresInARow), living: living, using: &generator)
    }

    /// Rejected credentials: once or twice more, then latched; a wrong password must not lock the account.
    private mutating func rejected(_ trigger: Trigger, at now: BootInstant) {
        if trigger != .admin { budget.spend(at: now) }
        rejectionsInARow += 1
        let pauses = BackoffPolicy.rejectionPauses(loggedInRecently: lastSuccessAt.map { $0 + .seconds(7 * 86_400) > now } ?? false)
        if !isLatched, rejectionsInARow <= pauses.count {
            retryAt = now + pauses[rejectionsInARow - 1]
        } else {
            isLatched = true
            retryAt = policy.latchedRetry.map { now + $0 }
        }
    }

    // MARK: Wishes

    package mutating func asked(at now: BootInstant) {
        lastAskedAt = now
    }

    /// An operator wants a new token: undoes the latch and forgets what rejections taught; once in 10 s. False where it came too soon.
    package mutating func forceRefresh(at now: BootInstant) -> Bool {
        if let last = lastAdminAt, last + .seconds(10) > now { return false }
        lastAdminAt = now
        release()
        learned.clear()
        requested = .admin
        return true
    }

    /// A caller wants a new token: within the callers' share, and not against the latch or a pause.
    ///
    /// - Returns: false where the budget has nothing left for callers.
    package mutating func requestRefresh(at now: BootInstant) -> Bool {
        guard !isLatched, retryAt == nil else { return true }
        guard budget.left(.caller, cap: budgetCap, at: now) > 0 || !hasLivingToken(at: now) else { return false }
        requested = requested ?? .caller
        return true
    }

    /// Configuration, secret or operator changed something: what was learned from failures no longer counts.
    package mutating func release() {
        isLatched = false
        retryAt = nil
        rejectionsInARow = 0
        failuresInARow = 0
    }

    /// The login itself is another one now: the old token serves on until the new one is there.
    package mutating func loginChanged(at now: BootInstant) {
        release()
        lastSuccessAt = nil
        learned.clear()
        refreshAt = now
    }

    /// Another policy for the same login: the plan moves, the jitter drawn stays.
    package mutating func follow(_ new: RefreshPolicy) {
        guard new != policy else { return }
        policy = new
        guard let token, let lifetime = token.expiry.lifetime, refreshAt != nil else { return }
        jitterDrawn = min(jitterDrawn, new.margin(of: lifetime) * new.jitter)
        refreshAt = token.issuedAt + (lifetime - new.margin(of: lifetime) - jitterDrawn)
    }

    /// A token nobody asks for any more is dropped at its end.
    package mutating func dropIfDead(at now: BootInstant) -> Bool {
        guard let held = token, !held.isAlive(at: now), isIdle(at: now) else { return false }
        token = nil
        return true
    }
}
