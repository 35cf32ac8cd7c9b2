package import Time

extension TokenState {
    /// The outcome for a caller that can wait until `deadline`.
    ///
    /// - Parameter isLoggingIn: whether a login is in flight.
    package func outcome(minValid: Duration?, deadline: BootInstant, isLoggingIn: Bool, at now: BootInstant) -> TokenOutcome {
        if let token, token.isAlive(at: now) {
            guard let remaining = token.remaining(at: now), let lifetime = token.expiry.lifetime else { return .serve(token) }
            if remaining > max(RefreshPolicy.floor(of: lifetime), minValid ?? .zero) { return .serve(token) }
            if let minValid, minValid >= max(longestLifetime ?? lifetime, lifetime) {
                return .refuse(TokenRefusal(.minValidUnreachable(longest: longestLifetime ?? lifetime)))
            }
        }
        let next = nextAttempt(at: now)
        if now < deadline, isLoggingIn || next.map({ $0 <= deadline }) ?? false { return .keepWaiting }
        if let token, token.isUsable(at: now), let remaining = token.remaining(at: now) {
            if minValid == nil { return .serve(token) }
            return .refuse(TokenRefusal(.minValidNotMet(expiresIn: remaining), retryAfter: next.map { $0 - now }))
        }
        return .refuse(TokenRefusal(refusalReason(at: now), retryAfter: isLoggingIn ? .seconds(1) : next.map { $0 - now }))
    }

    private func refusalReason(at now: BootInstant) -> TokenRefusal.Reason {
        if let hold { return .held(hold) }
        if let trouble { return .failing(trouble.failure, isLatched: trouble.isLatched) }
        if case .wait(let until) = next(at: now), until > now, plan.map({ $0.refreshAt <= now }) ?? true { return .budgetExhausted }
        return .pending
    }

    /// Requests an early login for `min_valid` if it is justified: at most one in L/4, and within the callers' share.
    ///
    /// - Returns: whether a login was requested.
    package mutating func wantEarlyLogin(minValid: Duration, at now: BootInstant) -> Bool {
        guard hold == nil, let token, let remaining = token.remaining(at: now), let lifetime = token.expiry.lifetime, remaining <= minValid,
            minValid < lifetime,
            wishes.requested == nil, trouble == nil, plan.map({ $0.refreshAt > now }) ?? true,
            wishes.lastEarlyLoginAt.map({ $0 + lifetime / 4 <= now }) ?? true, budget.left(.caller, cap: budgetCap, at: now) > 0
        else { return false }
        wishes.lastEarlyLoginAt = now
        wishes.requested = .caller
        return true
    }

    /// Statuses by which partners refuse a token: 400 and 403 may be about something else, 419 and 498 are customs.
    package static let reportedStatuses: Set<Int> = [400, 401, 403, 419, 498]

    /// The outcome of a report that needs no action; nil for a report about the token in hand that may be acted on.
    package func accepts(reportOf fingerprint: String, status: Int, at now: BootInstant) -> ReportOutcome? {
        guard Self.reportedStatuses.contains(status), let token else { return .ignored }
        guard token.fingerprint == fingerprint else { return .alreadyReplaced }
        if hold != nil { return .ignored }
        if wishes.requested != nil { return .refreshing }
        return trouble?.isLatched ?? false ? .ignored : nil
    }

    /// Whether the partner may be asked about the token in hand: at most once a second.
    package func mayVerify(at now: BootInstant) -> Bool { wishes.lastCheckAt.map { $0 + .seconds(1) <= now } ?? true }

    package mutating func noteCheck(at now: BootInstant) {
        wishes.lastCheckAt = now
    }

    /// Whether a report that the partner itself did not decide is acted on: of one caller at most one in max(60 s, L/10), within its share, and
    /// of all callers at most one in min(60 s, L/10). For 400 and 403 at most one in L/2, never for an exclusive entry, and never from the last
    /// two logins of the callers' share.
    package func isCredible(_ status: Int, from caller: String, isExclusive: Bool, at now: BootInstant) -> Bool {
        let recent = wishes.reports[caller, default: []].filter { $0 + LoginBudget.window > now }
        guard recent.count < budget.reports(of: budgetCap) else { return false }
        let lifetime = token?.expiry.lifetime ?? .zero
        var pause = max(.seconds(60), lifetime / 10)
        if status == 400 || status == 403 {
            guard !isExclusive, budget.left(.caller, cap: budgetCap, at: now) > 2 else { return false }
            pause = max(pause, lifetime / 2)
        }
        let ownLast = wishes.reports[caller]?.last
        return ownLast.map { $0 + pause <= now } ?? true && wishes.lastReportAt.map { $0 + min(.seconds(60), lifetime / 10) <= now } ?? true
    }

    /// Acts on a report: requests a login, and remembers the token's age if its lifetime is configured.
    ///
    /// - Parameter caller: whose share it uses; nil for a report that the partner decided.
    package mutating func reported(from caller: String? = nil, at now: BootInstant) -> ReportOutcome {
        wishes.lastReportAt = now
        if let caller {
            wishes.reports = wishes.reports.mapValues { $0.filter { $0 + LoginBudget.window > now } }.filter { !$0.value.isEmpty }
            wishes.reports[caller, default: []].append(now)
        }
        guard let token else { return .ignored }
        guard requestRefresh(at: now) else { return .ignored }
        if token.expiry.origin == .configured, !wishes.isReported { learned.refused(atAge: now - token.issuedAt, now: now) }
        wishes.isReported = true
        return .refreshing
    }
}
