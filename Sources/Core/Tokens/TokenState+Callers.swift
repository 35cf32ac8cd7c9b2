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
        if let trouble { return .failing(trouble.failure, isLatched: trouble.isLatched) }
        if case .wait(let until) = next(at: now), until > now, plan.map({ $0.refreshAt <= now }) ?? true { return .budgetExhausted }
        return .pending
    }

    /// Requests an early login for `min_valid` if it is justified: at most one in L/4, and within the callers' share.
    ///
    /// - Returns: whether a login was requested.
    package mutating func wantEarlyLogin(minValid: Duration, at now: BootInstant) -> Bool {
        guard let token, let remaining = token.remaining(at: now), let lifetime = token.expiry.lifetime, remaining <= minValid, minValid < lifetime,
            wishes.requested == nil, trouble == nil, plan.map({ $0.refreshAt > now }) ?? true,
            wishes.lastEarlyLoginAt.map({ $0 + lifetime / 4 <= now }) ?? true, budget.left(.caller, cap: budgetCap, at: now) > 0
        else { return false }
        wishes.lastEarlyLoginAt = now
        wishes.requested = .caller
        return true
    }

    /// The outcome of a report that needs no action; nil for a report about the token in hand that may be acted on.
    ///
    /// If the provider has a `verify` request, its result still decides.
    ///
    /// - Parameter isVerified: whether the partner itself is asked; then the minimum time between reports is only 1 s.
    package func accepts(reportOf fingerprint: String, status: Int, isVerified: Bool = false, at now: BootInstant) -> ReportOutcome? {
        guard status == 401 || status == 403, let token else { return .ignored }
        guard token.fingerprint == fingerprint else { return .alreadyReplaced }
        if wishes.requested != nil { return .refreshing }
        let pause = isVerified ? .seconds(1) : max(.seconds(60), (token.expiry.lifetime ?? .zero) / 10)
        if trouble?.isLatched ?? false || wishes.lastReportAt.map({ $0 + pause > now }) ?? false { return .ignored }
        return nil
    }

    /// Notes that a report is being checked, which starts the minimum time until the next one.
    package mutating func noteReport(at now: BootInstant) {
        wishes.lastReportAt = now
    }

    /// Acts on a report: requests a login, and remembers the token's age if its lifetime is configured.
    package mutating func reported(at now: BootInstant) -> ReportOutcome {
        wishes.lastReportAt = now
        guard let token else { return .ignored }
        guard requestRefresh(at: now) else { return .ignored }
        if token.expiry.origin == .configured, !wishes.isReported { learned.refused(atAge: now - token.issuedAt, now: now) }
        wishes.isReported = true
        return .refreshing
    }
}
