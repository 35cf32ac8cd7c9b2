import Secrets
package import Time

extension TokenState {
    /// Adopts a login's token: always if it is a different token, else depending on its expiry.
    ///
    /// - Throws: `LoginFailure`, class bad reply, for a new or renewed token that lives less than 3 s, and for an expired token
    ///   that the partner returned again.
    package mutating func adopt(
        _ draft: TokenDraft, fingerprint: String, trigger: Trigger, at now: BootInstant, using generator: inout some RandomNumberGenerator
    ) throws(LoginFailure) -> Adoption {
        let adoption = try adoption(of: draft, at: now)
        switch adoption {
        case .new, .renewed, .reissued:
            take(draft, fingerprint: fingerprint, at: now, using: &generator)
            // The same token, prolonged, is not a new one.
            if trigger != .admin, !draft.isProlonged || adoption == .new { budget.spend(at: now) }
        case .same:
            // The configured lifetime may have changed since; the time of issue has not. It takes no stated life's place.
            let expiry = learnedExpiry(draft.expiry, at: now)
            if expiry.origin != .configured { shorten(to: draft, at: now) } else if token?.expiry.origin == .configured { token?.expiry = expiry }
            if let held = token, let deadline = held.deadline, let lifetime = held.expiry.lifetime {
                let recheck = RefreshPolicy.recheck(now: now, deadline: deadline, lifetime: lifetime)
                plan = Plan(refreshAt: recheck, jitterDrawn: plan?.jitterDrawn ?? .zero)
            } else {
                plan = nil
            }
        }
        release()
        lastSuccessAt = now
        return adoption
    }

    /// How long after its end a token may come back because of mere rounding.
    private static let roundingTime = Duration.seconds(3)

    private func adoption(of draft: TokenDraft, at now: BootInstant) throws(LoginFailure) -> Adoption {
        guard let held = token, held.value.matches(draft.value) else {
            if let lifetime = draft.expiry.lifetime, lifetime < Expiry.range.lowerBound {
                if lifetime == .zero { throw LoginFailure(.badReply, "the answer states a lifetime of 0; set expires: [{after: …}] on the token") }
                throw LoginFailure(.badReply, "the token's lifetime is less than \(DurationSyntax.words(Expiry.range.lowerBound))")
            }
            return .new
        }
        if let lifetime = draft.expiry.lifetime, lifetime < Expiry.range.lowerBound, isLater(draft, than: held) {
            throw LoginFailure(.transient, "the token came back with a later expiry less than \(DurationSyntax.words(Expiry.range.lowerBound)) away")
        }
        if draft.isProlonged { return .renewed }
        guard isLater(draft, than: held) else {
            if held.isAlive(at: now) { return .same }
            // A stated life that became 0 is over, whatever the fallback says.
            let isOver = held.expiry.origin != .configured && !draft.expiry.ignoredSources.isEmpty
            if draft.expiry.origin == .configured, !isOver { return .reissued }
            // A remaining life in whole seconds ends a moment before the token does, and the next one is there at once.
            let isJustDead = held.deadline.map { now - $0 < Self.roundingTime } ?? false
            throw LoginFailure(isJustDead ? .transient : .badReply, "the partner returned the expired token again")
        }
        return .renewed
    }

    /// Brings the end of the token in hand forward, where the same token came back with an earlier one.
    private mutating func shorten(to draft: TokenDraft, at now: BootInstant) {
        guard !draft.expiry.ignoredAge, let lifetime = draft.expiry.lifetime, lifetime != .zero, let held = token, let deadline = held.deadline
        else { return }
        // The same stated end is news only where it was measured by the local clock before, and by the partner's now.
        if let stated = draft.expiry.stated, let before = held.expiry.stated, stated >= before {
            guard held.expiry.clockSkew == nil, draft.expiry.clockSkew != nil else { return }
        }
        // Whole seconds may end up to one early, and the partner counted them while the request was under way.
        guard now + lifetime + .seconds(1) < deadline else { return }
        token?.expiry.lifetime = draft.sentAt + lifetime - held.issuedAt
    }

    /// Whether the partner states a later expiry for the same token than before.
    private func isLater(_ draft: TokenDraft, than held: Token) -> Bool {
        // The answer of a cache says nothing new about the token that it held all the time.
        if draft.expiry.ignoredAge { return false }
        if let stated = draft.expiry.stated, let before = held.expiry.stated { return stated > before }
        guard draft.expiry.origin == .field, let lifetime = draft.expiry.lifetime, let before = held.deadline else { return false }
        // A remaining life in whole seconds moves the end by mere rounding.
        return draft.sentAt + lifetime > before + max(.seconds(2), lifetime / 20)
    }

    /// The expiry, with a configured lifetime replaced by a learned one.
    private func learnedExpiry(_ stated: Expiry, at now: BootInstant) -> Expiry {
        var expiry = stated
        if expiry.origin == .configured, let configured = expiry.lifetime {
            expiry.lifetime = learned.lifetime(configured: configured, now: now)
        }
        return expiry
    }

    private mutating func take(_ draft: TokenDraft, fingerprint: String, at now: BootInstant, using generator: inout some RandomNumberGenerator) {
        hold(Token(draft, fingerprint: fingerprint, expiry: learnedExpiry(draft.expiry, at: now)), using: &generator)
    }

    /// Makes a token the one in hand, and draws the time of its renewal.
    private mutating func hold(_ new: Token, using generator: inout some RandomNumberGenerator) {
        token = new
        wishes.isReported = false
        guard let lifetime = new.expiry.lifetime else {
            plan = policy.prolongEvery.map { Plan(refreshAt: new.issuedAt + $0, jitterDrawn: .zero) }
            return
        }
        longestLifetime = max(longestLifetime ?? lifetime, lifetime)
        let draw = Double.random(in: 0..<1, using: &generator)
        let renewal = policy.refreshTime(issuedAt: new.issuedAt, lifetime: lifetime, draw: draw)
        plan = Plan(
            refreshAt: policy.prolongEvery.map { min(renewal, new.issuedAt + $0) } ?? renewal,
            jitterDrawn: policy.margin(of: lifetime) * (policy.jitter * draw))
    }

    /// Drops the token in hand, which a login of an exclusive entry has ended before its successor is valid.
    package mutating func dropEnded() {
        token = nil
        plan = nil
    }

    /// Adopts a token from another host's login, with this host's own plan and without spending its budget.
    ///
    /// - Parameter loginAt: the time of the last login that returned it.
    package mutating func adopt(shared: Token, loginAt: BootInstant?, using generator: inout some RandomNumberGenerator) {
        hold(shared, using: &generator)
        succeededElsewhere(at: loginAt ?? shared.issuedAt)
    }

    /// Adopts another host's plan for the token in hand.
    ///
    /// - Parameter loginAt: the time of the last login that returned it.
    package mutating func adopt(plan refreshAt: BootInstant, loginAt: BootInstant?) {
        renew(at: refreshAt)
        succeededElsewhere(at: loginAt ?? lastSuccessAt)
    }

    /// Notes another host's successful login. It does not end a pause that the partner asked this host for: the login may have been before it.
    private mutating func succeededElsewhere(at instant: BootInstant?) {
        wishes.requested = nil
        lastSuccessAt = instant
        if let trouble, trouble.failure.failureClass == .throttled, trouble.retryAt ?? .distantFuture > plan?.refreshAt ?? .distantFuture { return }
        release()
    }

    /// Plans a renewal whether or not one is planned; a pause outlasts it.
    package mutating func renew(at instant: BootInstant) {
        plan = Plan(refreshAt: instant, jitterDrawn: plan?.jitterDrawn ?? .zero)
    }

    /// Adopts another host's failure and its pause, which is up to a tenth longer so that hosts do not all retry at once.
    ///
    /// A longer pause of this host stays, and so do its latch and its counts, since both hosts tried the same credentials.
    package mutating func adopt(shared: Trouble, at now: BootInstant, using generator: inout some RandomNumberGenerator) {
        var theirs = shared
        theirs.retryAt = shared.retryAt.map { $0 + max(.zero, $0 - now) * Double.random(in: 0...0.1, using: &generator) }
        wishes.requested = nil
        guard let own = trouble else { return trouble = theirs }
        var longer = own.isPausing(at: now) && own.outlasts(theirs) ? own : theirs
        longer.isLatched = own.isLatched || theirs.isLatched
        longer.failuresInARow = max(own.failuresInARow, theirs.failuresInARow)
        longer.rejectionsInARow = max(own.rejectionsInARow, theirs.rejectionsInARow)
        longer.refusalsInARow = max(own.refusalsInARow, theirs.refusalsInARow)
        trouble = longer
    }

    /// Lengthens the pause by a quarter.
    package mutating func stepBack(at now: BootInstant) {
        guard let retryAt = trouble?.retryAt, retryAt > now else { return }
        trouble?.retryAt = retryAt + (retryAt - now) / 4
    }
}
