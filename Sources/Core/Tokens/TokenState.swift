package import Time

/// The state of one token's life, as a value: what is in hand, what failed and what is due.
///
/// It implements every rule of renewal that is not about the partner's answer itself, as functions of (state, now).
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
        /// Nothing is due until a request or a change arrives.
        case rest
    }

    /// When the token in hand is renewed by schedule.
    package struct Plan: Sendable, Equatable {
        package internal(set) var refreshAt: BootInstant
        /// How much earlier than the margin the renewal comes; drawn once per token.
        package internal(set) var jitterDrawn: Duration
    }

    /// The failures since the last success, and their consequences.
    package struct Trouble: Sendable, Equatable {
        package internal(set) var failure: LoginFailure
        /// Does not count failures of class `waiting`.
        package internal(set) var failuresInARow = 0
        package internal(set) var rejectionsInARow = 0
        /// Refusals (400, 403, 422) of credentials that never logged in.
        package internal(set) var refusalsInARow = 0
        /// Failures of each kind on its own ladder of pauses, and when the first one began: the ladders start over when the token dies.
        ///
        /// Each kind has its own: an outage of half a minute must not make the first 404 after it a pause of an hour.
        var ladders: [FailureClass: Int] = [:]
        var ladderBegan: BootInstant?
        /// Failures of the last one's kind.
        var ladder: Int { ladders[failure.failureClass.kind, default: 0] }
        /// When the login is retried; nil: not automatically.
        package internal(set) var retryAt: BootInstant?
        /// The credentials are known to be bad: logins wait until something is changed.
        package internal(set) var isLatched = false

        /// Lifts another host's latch for one attempt, which confirms the rejection or not.
        package mutating func confirm(at instant: BootInstant) {
            isLatched = false
            retryAt = instant
        }

        /// Whether this holds logins back longer than another trouble with the same credentials.
        func outlasts(_ other: Trouble) -> Bool {
            if isLatched != other.isLatched { return isLatched }
            return retryAt ?? .distantFuture > other.retryAt ?? .distantFuture
        }

        /// Whether the next attempt is in the future, or none is planned.
        package func isPausing(at now: BootInstant) -> Bool { retryAt.map { $0 > now } ?? isLatched }
    }

    /// The requests of callers and operators, and their times.
    package struct Wishes: Sendable, Equatable {
        /// A requested login that has not begun.
        package internal(set) var requested: Trigger?
        /// Whether the token in hand was reported as refused by the partner.
        package internal(set) var isReported = false
        package internal(set) var lastAskedAt: BootInstant?
        var lastReportAt: BootInstant?
        /// The times of reports that were acted on and that the partner did not decide, by caller, within the budget's window.
        var reports: [String: [BootInstant]] = [:]
        var lastCheckAt: BootInstant?
        var lastEarlyLoginAt: BootInstant?
        var lastAdminAt: BootInstant?
    }

    package var policy: RefreshPolicy
    package internal(set) var token: Token?
    /// Nil: no renewal is scheduled.
    package internal(set) var plan: Plan?
    /// Nil: nothing failed since the last success.
    package internal(set) var trouble: Trouble?
    package internal(set) var wishes = Wishes()
    /// Nil: nothing holds the logins.
    package internal(set) var hold: Hold?
    package internal(set) var lastSuccessAt: BootInstant?
    package internal(set) var logins = 0
    package internal(set) var budget = LoginBudget()
    package internal(set) var learned = LearnedLifetime()
    /// The longest lifetime of this entry's tokens so far.
    package internal(set) var longestLifetime: Duration?

    /// - Parameter trouble: failures that are known already.
    package init(policy: RefreshPolicy, trouble: Trouble? = nil) {
        self.policy = policy
        self.trouble = trouble
    }

    package var budgetCap: Int { LoginBudget.cap(lifetime: token?.expiry.lifetime ?? longestLifetime, policy: policy) }

    package func hasLivingToken(at now: BootInstant) -> Bool { token?.isAlive(at: now) ?? false }

    /// Whether no token lives and logins failed twice in a row: a refresh that fails once more for a passing reason is followed by a login.
    package func isDesperate(at now: BootInstant) -> Bool { !hasLivingToken(at: now) && trouble?.failuresInARow ?? 0 >= 2 }

    /// Whether the token is no longer renewed because there are no requests for it.
    package func isIdle(at now: BootInstant) -> Bool {
        guard let idleAfter = policy.idleAfter else { return false }
        return wishes.lastAskedAt.map { $0 + idleAfter <= now } ?? (token != nil)
    }

    /// What is due now, or when something will be.
    package func next(at now: BootInstant) -> Next {
        if hold != nil { return .rest }
        if wishes.requested == .admin { return .login(.admin) }
        let wished = wishes.requested == .caller ? moment(due: trouble?.retryAt ?? now, from: .caller, at: now) : nil
        let planned = due(at: now).map { moment(due: $0, from: .schedule, at: now) }
        // A request that exceeds the callers' share does not delay the schedule.
        if let wished, wished <= planned ?? .distantFuture { return wished <= now ? .login(.caller) : .wait(until: wished) }
        guard let planned else { return .rest }
        return planned <= now ? .login(.schedule) : .wait(until: planned)
    }

    /// When a login that is due may be made within the budget.
    private func moment(due: BootInstant, from account: LoginBudget.Account, at now: BootInstant) -> BootInstant {
        guard due <= now else { return due }
        return budget.free(account, cap: budgetCap, hasUsableToken: hasLivingToken(at: now), at: now)
    }

    /// When the next login is due, regardless of the budget; nil: not automatically.
    private func due(at now: BootInstant) -> BootInstant? {
        if isIdle(at: now) { return nil }
        if let trouble { return trouble.retryAt }
        guard hasLivingToken(at: now) else { return now }
        return plan?.refreshAt
    }

    /// When the next login is planned, for status and Retry-After; nil: none is planned.
    package func nextAttempt(at now: BootInstant) -> BootInstant? {
        switch next(at: now) {
        case .login: now
        case .wait(let until): until
        case .rest: nil
        }
    }

    // MARK: Outcomes

    package mutating func loginBegan(_ trigger: Trigger, at now: BootInstant) {
        wishes.requested = nil
        logins += 1
        budget.noteLogin(at: now)
        if trigger == .caller { budget.spendCallersShare(at: now) }
    }

    package mutating func failed(
        _ failure: LoginFailure, trigger: Trigger, at now: BootInstant, using generator: inout some RandomNumberGenerator
    ) {
        var trouble = trouble ?? Trouble(failure: failure)
        trouble.failure = failure
        if failure.failureClass != .waiting { trouble.failuresInARow += 1 }
        climb(&trouble, at: now)
        if failure.failureClass == .rejected {
            if trigger != .admin { budget.spend(at: now) }
            latchOrPause(&trouble, at: now)
        } else if isRefusalOfUnproven(failure), trouble.refusalsInARow + 1 >= BackoffPolicy.refusalsBeforeLatch {
            // Many servers answer a wrong password so.
            trouble.failure.failureClass = .rejected
            latch(&trouble, at: now)
        } else if trouble.isLatched {
            // Latched credentials are known to be bad: another failure does not bring the next attempt forward.
            latch(&trouble, at: now)
        } else {
            if isRefusalOfUnproven(failure) { trouble.refusalsInARow += 1 }
            trouble.retryAt = failure.waitsForPerson ? nil : now + pause(after: trouble, at: now, using: &generator)
        }
        self.trouble = trouble
    }

    /// Counts a failure on the ladder of pauses, which starts over at the token's death.
    private func climb(_ trouble: inout Trouble, at now: BootInstant) {
        guard trouble.failure.failureClass != .waiting else { return }
        let diedAt = token?.deadline.flatMap { $0 <= now ? $0 : nil }
        if let diedAt, let began = trouble.ladderBegan, began < diedAt, trouble.failure.failureClass.startsOver {
            (trouble.ladders, trouble.ladderBegan) = ([:], nil)
        }
        trouble.ladders[trouble.failure.failureClass.kind, default: 0] += 1
        trouble.ladderBegan = trouble.ladderBegan ?? now
    }

    private func pause(after trouble: Trouble, at now: BootInstant, using generator: inout some RandomNumberGenerator) -> Duration {
        BackoffPolicy.delay(trouble.failure, count: max(1, trouble.ladder), holding: holding(at: now), using: &generator)
    }

    private func holding(at now: BootInstant) -> BackoffPolicy.Holding {
        guard let token else { return .nothing }
        if let deadline = token.deadline, deadline <= now { return .dead(since: now - deadline) }
        // Treat a token without an end as one with a long life.
        let endless = Duration.seconds(86_400)
        return .living(remaining: token.remaining(at: now) ?? endless, lifetime: token.expiry.lifetime ?? endless)
    }

    // MARK: Latch

    /// Whether these credentials logged in within 7 days.
    private func isProven(at now: BootInstant) -> Bool { lastSuccessAt.map { $0 + .seconds(7 * 86_400) > now } ?? false }

    private func isRefusalOfUnproven(_ failure: LoginFailure) -> Bool {
        failure.failureClass == .refused && lastSuccessAt == nil && failure.status.map { [400, 403, 422].contains($0) } ?? false
    }

    /// Allows rejected credentials a few more attempts and then latches, since a wrong password must not lock the account.
    private func latchOrPause(_ trouble: inout Trouble, at now: BootInstant) {
        trouble.rejectionsInARow += 1
        let pauses = BackoffPolicy.rejectionPauses(loggedInRecently: isProven(at: now))
        if !trouble.isLatched, trouble.rejectionsInARow <= pauses.count {
            trouble.retryAt = now + pauses[trouble.rejectionsInARow - 1]
        } else {
            latch(&trouble, at: now)
        }
    }

    private func latch(_ trouble: inout Trouble, at now: BootInstant) {
        trouble.isLatched = true
        switch policy.latchedRetry {
        case .never: trouble.retryAt = nil
        case .every(let pause): trouble.retryAt = now + pause
        case .byCause: trouble.retryAt = now + (isProven(at: now) ? .seconds(3600) : .seconds(trouble.rejectionsInARow > 0 ? 6 * 3600 : 1800))
        }
    }

    // MARK: Wishes

    package mutating func asked(at now: BootInstant) {
        wishes.lastAskedAt = now
    }

    /// Requests a new token for an operator, and clears the latch and the learned lifetime.
    ///
    /// - Returns: false if the last such request was less than 10 s ago.
    package mutating func forceRefresh(at now: BootInstant) -> Bool {
        if let last = wishes.lastAdminAt, last + .seconds(10) > now { return false }
        wishes.lastAdminAt = now
        release()
        learned.clear()
        wishes.requested = .admin
        return true
    }

    /// A person's login is not the same order again, and counts at once.
    package mutating func granted() {
        wishes.lastAdminAt = nil
    }

    /// Requests a new token for a caller, within the callers' share and without overriding the latch or a pause.
    ///
    /// - Returns: false if the budget has nothing left for callers.
    package mutating func requestRefresh(at now: BootInstant) -> Bool {
        guard hold == nil else { return false }
        guard trouble == nil else { return true }
        guard budget.left(.caller, cap: budgetCap, at: now) > 0 || !hasLivingToken(at: now) else { return false }
        wishes.requested = wishes.requested ?? .caller
        return true
    }

    /// Clears all failures, because a login succeeded or something was changed.
    package mutating func release() {
        trouble = nil
    }

    /// Prepares for a changed login: a new one is due, and the old token is served until the new one arrives.
    package mutating func loginChanged(at now: BootInstant) {
        release()
        lastSuccessAt = nil
        learned.clear()
        renew(at: now)
    }

    /// Brings a planned renewal forward; returns whether there was one.
    package mutating func renewSoon(at instant: BootInstant) -> Bool {
        guard let plan, plan.refreshAt > instant else { return false }
        renew(at: instant)
        return true
    }

    /// Applies another policy for the same login: moves the plan and keeps the jitter drawn, up to the new maximum.
    package mutating func follow(_ new: RefreshPolicy) {
        guard new != policy else { return }
        policy = new
        guard let token, let lifetime = token.expiry.lifetime, let plan else { return }
        let jitter = min(plan.jitterDrawn, new.margin(of: lifetime) * new.jitter)
        self.plan = Plan(refreshAt: token.issuedAt + (lifetime - new.margin(of: lifetime) - jitter), jitterDrawn: jitter)
    }

    /// Drops an expired token that is no longer requested; returns whether it did.
    package mutating func dropIfDead(at now: BootInstant) -> Bool {
        guard let held = token, !held.isAlive(at: now), isIdle(at: now) else { return false }
        token = nil
        return true
    }
}
