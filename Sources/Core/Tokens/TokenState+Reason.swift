package import Time

extension TokenState {
    /// Why the next login is when it is, in words: for status and the page. Lower-case start, no full stop.
    ///
    /// - Parameter name: the entry's, for the commands it names.
    package func reasonOfNext(for name: String, isLoggingIn: Bool, at now: BootInstant) -> String {
        if isLoggingIn { return "a login is running" }
        switch hold {
        case .paused: return "an operator paused its logins; tokenbroker resume \(name) makes them again"
        case .revoked: return "an operator revoked it; tokenbroker resume \(name) makes logins again"
        case nil: break
        }
        let next = next(at: now)
        if wishes.requested == .admin { return "an operator asked for a login" }
        if next == .rest, isIdle(at: now) {
            return "nobody asked for it for \(DurationSyntax.words(policy.idleAfter ?? .zero)); the next request logs in"
        }
        let due = wishes.requested == .caller ? trouble?.retryAt ?? now : trouble.map(\.retryAt) ?? (hasLivingToken(at: now) ? plan?.refreshAt : now)
        if let due, due <= now, case .wait = next { return "the budget of \(budgetCap) logins an hour is used up; a place in it is free then" }
        if wishes.requested == .caller {
            return wishes.isReported ? "a caller reported that the partner refused the token" : "a caller asked for a login"
        }
        if let trouble { return Self.reason(of: trouble, for: name) }
        guard let token, hasLivingToken(at: now) else { return "there is no token yet" }
        return reason(of: token)
    }

    private static func reason(of trouble: Trouble, for name: String) -> String {
        if trouble.failure.waitsForPerson { return "a person must log in: tokenbroker login \(name)" }
        if trouble.isLatched {
            return trouble.retryAt == nil
                ? "the partner refused the credentials; no login until they change"
                : "the partner refused the credentials; tried rarely until they change"
        }
        switch trouble.failure.failureClass {
        case .throttled: return "the partner asked for a pause"
        case .waiting: return "the login waits: \(trouble.failure.reason)"
        default:
            let count = trouble.failuresInARow
            return count < 2 ? "the last login failed" : "\(count) logins in a row failed, and the pauses grow with each"
        }
    }

    private func reason(of token: Token) -> String {
        guard let plan, let deadline = token.deadline, let lifetime = token.expiry.lifetime else { return "the token has no end" }
        let before = deadline - plan.refreshAt
        let margin = policy.margin(of: lifetime)
        let difference = before - margin - plan.jitterDrawn
        guard abs(difference.nanoseconds) < 1_000_000_000 else { return "\(DurationSyntax.words(before)) before it expires" }
        let drawn = plan.jitterDrawn >= .seconds(1) ? ", and \(DurationSyntax.words(plan.jitterDrawn)) earlier at random" : ""
        return "\(DurationSyntax.words(margin)) before it expires\(drawn)"
    }
}
