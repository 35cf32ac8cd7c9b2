package import Time
package import Tokens

/// What a host does when a login is due and others share it. Pure.
package enum FleetPolicy {
    /// What this host has in hand.
    package struct Own: Sendable {
        /// Fingerprint of the token in hand.
        package var fingerprint: String?
        package var remaining: Duration?
        /// Whether the token in hand came of this host's own login.
        package var isOwn = false
        /// When the last login was that this host knows of.
        package var knownLogin: BootInstant?

        package init(fingerprint: String?, remaining: Duration?, isOwn: Bool, knownLogin: BootInstant? = nil) {
            self.knownLogin = knownLogin
            self.fingerprint = fingerprint
            self.remaining = remaining
            self.isOwn = isOwn
        }
    }

    /// A login that is due, as far as a fleet decides about it.
    package struct DueLogin: Sendable {
        package let trigger: TokenState.Trigger
        package let own: Own
        /// Of each alternative of the secrets.
        package let inputs: [[UInt8]]
        package let isExclusive: Bool
        /// Of the token in hand, or of the last one.
        package let margin: Duration?
        package let policy: RefreshPolicy

        package init(trigger: TokenState.Trigger, own: Own, inputs: [[UInt8]], isExclusive: Bool, margin: Duration?, policy: RefreshPolicy) {
            self.trigger = trigger
            self.own = own
            self.inputs = inputs
            self.isExclusive = isExclusive
            self.margin = margin
            self.policy = policy
        }

        package var lockTime: Duration { FleetPolicy.lockTime(margin: margin, isExclusive: isExclusive) }
    }

    /// Whether the fleet's record makes the login needless: another token than ours that is not due itself, or ours, which the
    /// partner gave again in a login since; made with inputs that are ours too.
    ///
    /// - Parameters:
    ///   - record: on this boot's clock.
    ///   - trigger: somebody who asked for another token is not content with the one in hand.
    package static func suffices(_ record: TokenRecord, own: Own, inputs: [[UInt8]], trigger: TokenState.Trigger, at now: BootInstant) -> Bool {
        guard record.memory.inputDigest.map(inputs.contains) ?? true, let token = record.state.token, token.isAlive(at: now),
            record.state.plan.map({ $0.refreshAt > now }) ?? true
        else { return false }
        guard token.fingerprint == own.fingerprint else { return true }
        guard trigger == .schedule, let login = record.state.lastSuccessAt else { return false }
        // Ages are told to the second.
        return own.knownLogin.map { login > $0 + .seconds(2) } ?? true
    }

    /// Whether another host has just failed with these credentials and its pause is not over: then this one need not ask too.
    /// With their failures shared as well, a fleet asks a partner that is down no more often than one host.
    ///
    /// - Parameter tried: of the secrets there are here.
    package static func forbids(_ record: TokenRecord, tried: [UInt8], trigger: TokenState.Trigger, at now: BootInstant) -> Bool {
        guard trigger == .schedule, record.memory.triedDigest == tried, let trouble = record.state.trouble else { return false }
        return trouble.failure.concernsAll && trouble.isPausing(at: now)
    }

    /// How long a lock lasts unless it is prolonged: a host that dies holding it holds the others up that long, and less than
    /// the margin they have.
    ///
    /// - Parameter isExclusive: then nobody may come in between, however long it takes.
    package static func lockTime(margin: Duration?, isExclusive: Bool = false) -> Duration {
        isExclusive ? .seconds(15) : max(.seconds(2), min(.seconds(15), (margin ?? .seconds(15)) / 2))
    }

    /// How long a host whose store is lost waits before it tries once more and then logs in alone: at first so that members can
    /// elect a leader, then spread over half of the life that is left, so that not all hosts come at once. Who asked for
    /// the login waits for a second at most.
    package static func soloPause(remaining: Duration?, trigger: TokenState.Trigger, draw: Double) -> Duration {
        guard trigger == .schedule else { return .milliseconds(500) * (1 + draw) }
        let room = max(.milliseconds(500), remaining.map { $0 / 2 } ?? .seconds(10))
        let first = min(.seconds(3), room / 2)
        return first + (room - first) * draw
    }

    /// Whether a host may log in without the lock: where a new login kills the old token, the one that logged in last alone.
    package static func maySolo(isExclusive: Bool, own: Own) -> Bool { !isExclusive || own.isOwn }

    /// What of another host's record counts here.
    package enum Takeover: Sendable {
        case token(Token)
        /// The token in hand is renewed when the other host says.
        case plan(BootInstant)
        case failure(TokenState.Trouble)
        case nothing
    }

    /// - Parameters:
    ///   - record: on this boot's clock.
    ///   - own: this host's state of the same token.
    ///   - tried: of the secrets of this host's last login; a failure with others says nothing of these.
    ///   - isForced: whether the record counts in place of what is in hand, however old it is.
    package static func takeover(of record: TokenRecord, own: TokenState, tried: [UInt8]?, isForced: Bool, at now: BootInstant) -> Takeover {
        let isOther = record.state.token?.fingerprint != own.token?.fingerprint
        if let token = record.state.token, isOther, token.isAlive(at: now), isForced || isNewer(token, than: own.token, at: now) {
            return .token(token)
        }
        if isForced, !isOther, record.state.trouble == nil, let refreshAt = record.state.plan?.refreshAt { return .plan(refreshAt) }
        if let trouble = record.state.trouble, trouble.failure.concernsAll, record.memory.triedDigest == tried { return .failure(trouble) }
        return .nothing
    }

    private static func isNewer(_ token: Token, than own: Token?, at now: BootInstant) -> Bool {
        own.map { token.issuedAt > $0.issuedAt || !$0.isAlive(at: now) } ?? true
    }
}
