import Secrets
package import Time

extension TokenState {
    /// Takes a login's token (refresh.md, "When to renew"): another token always, the same one by what it says of its end.
    ///
    /// - Throws: `LoginFailure`, class bad reply, for another token that lives under 3 s, and for a dead one given again.
    package mutating func adopt(
        _ draft: TokenDraft, fingerprint: String, trigger: Trigger, at now: BootInstant, using generator: inout some RandomNumberGenerator
    ) throws(LoginFailure) -> Adoption {
        let adoption = try adoption(of: draft, at: now)
        switch adoption {
        case .new, .renewed, .reissued:
            take(draft, fingerprint: fingerprint, at: now, using: &generator)
            if trigger != .admin { budget.spend(at: now) }
        case .same:
            // What the configuration says of its life may have changed since; when it began has not.
            let expiry = learnedExpiry(draft.expiry, at: now)
            if expiry.origin == .configured { token?.expiry = expiry }
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

    private func adoption(of draft: TokenDraft, at now: BootInstant) throws(LoginFailure) -> Adoption {
        guard let held = token, held.value.matches(draft.value) else {
            if let lifetime = draft.expiry.lifetime, lifetime < Expiry.range.lowerBound {
                throw LoginFailure(.badReply, "the token lives for less than 3 s")
            }
            return .new
        }
        if let lifetime = draft.expiry.lifetime, lifetime < Expiry.range.lowerBound, isLater(draft, than: held) {
            throw LoginFailure(.badReply, "the token is said to end later than before, and lives for less than 3 s")
        }
        guard isLater(draft, than: held) else {
            if held.isAlive(at: now) { return .same }
            if draft.expiry.origin == .configured { return .reissued }
            throw LoginFailure(.badReply, "the partner gave the expired token again")
        }
        return .renewed
    }

    /// Whether the partner says of the same token that it ends later than it said before.
    private func isLater(_ draft: TokenDraft, than held: Token) -> Bool {
        if let stated = draft.expiry.stated, let before = held.expiry.stated { return stated > before }
        guard draft.expiry.origin == .field, let lifetime = draft.expiry.lifetime, let before = held.deadline else { return false }
        // A remaining life counted in whole seconds moves the end by rounding alone.
        return draft.sentAt + lifetime > before + max(.seconds(2), lifetime / 20)
    }

    /// A configured lifetime, or the one rejections taught.
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

    /// Has it in hand, and draws when it is to be renewed.
    private mutating func hold(_ new: Token, using generator: inout some RandomNumberGenerator) {
        token = new
        wishes.isReported = false
        guard let lifetime = new.expiry.lifetime else {
            plan = nil
            return
        }
        longestLifetime = max(longestLifetime ?? lifetime, lifetime)
        let draw = Double.random(in: 0..<1, using: &generator)
        plan = Plan(
            refreshAt: policy.refreshTime(issuedAt: new.issuedAt, lifetime: lifetime, draw: draw),
            jitterDrawn: policy.margin(of: lifetime) * (policy.jitter * draw))
    }

    /// Takes a token another host logged in for: with a plan of this host's own, and at no cost to its budget.
    ///
    /// - Parameter loginAt: of the login that brought it, or gave it again.
    package mutating func takeOver(_ shared: Token, loginAt: BootInstant?, using generator: inout some RandomNumberGenerator) {
        wishes.requested = nil
        release()
        lastSuccessAt = loginAt ?? shared.issuedAt
        hold(shared, using: &generator)
    }

    /// The token in hand was looked after by another host: it is due when that one says.
    package mutating func planAgain(at instant: BootInstant, loginAt: BootInstant? = nil) {
        lastSuccessAt = loginAt ?? lastSuccessAt
        wishes.requested = nil
        release()
        plan = Plan(refreshAt: instant, jitterDrawn: plan?.jitterDrawn ?? .zero)
    }

    /// Takes over how another host's login failed, and its pause; up to a tenth longer, so that not all come at its end.
    package mutating func takeOver(_ shared: Trouble, at now: BootInstant, using generator: inout some RandomNumberGenerator) {
        trouble = shared
        trouble?.retryAt = shared.retryAt.map { $0 + max(.zero, $0 - now) * Double.random(in: 0...0.1, using: &generator) }
        wishes.requested = nil
    }

    /// Lengthens the pause by a quarter.
    package mutating func stepBack(at now: BootInstant) {
        guard let retryAt = trouble?.retryAt, retryAt > now else { return }
        trouble?.retryAt = retryAt + (retryAt - now) / 4
    }
}
