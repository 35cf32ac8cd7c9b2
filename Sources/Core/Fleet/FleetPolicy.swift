package import Time
package import Tokens

/// Decisions of a host about a login that it shares with others. Pure.
package enum FleetPolicy {
    /// This host's token in hand.
    package struct Own: Sendable {
        /// Fingerprint of the token in hand.
        package var fingerprint: String?
        package var remaining: Duration?
        /// Whether the token in hand came from this host's own login.
        package var isOwn = false
        /// The time of the last login this host knows about.
        package var knownLogin: BootInstant?

        package init(fingerprint: String?, remaining: Duration?, isOwn: Bool, knownLogin: BootInstant? = nil) {
            self.knownLogin = knownLogin
            self.fingerprint = fingerprint
            self.remaining = remaining
            self.isOwn = isOwn
        }
    }

    /// The properties of a due login that the fleet's decisions need.
    package struct DueLogin: Sendable {
        package let trigger: TokenState.Trigger
        package let own: Own
        /// One digest for each alternative of the inputs.
        package let inputs: [[UInt8]]
        package let isExclusive: Bool
        /// The refresh margin of the token in hand, or of the last one.
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

    /// Whether the fleet's record makes the login unnecessary.
    ///
    /// It must come from inputs that this host has too, and hold either a different token that is not due itself, or the same token if
    /// the partner returned it again in a later login.
    ///
    /// - Parameters:
    ///   - record: on this boot's clock.
    ///   - trigger: a request for a new token is not satisfied by the one in hand.
    package static func suffices(_ record: TokenRecord, own: Own, inputs: [[UInt8]], trigger: TokenState.Trigger, at now: BootInstant) -> Bool {
        guard record.memory.inputDigest.map(inputs.contains) ?? true, let token = record.state.token, token.isAlive(at: now),
            record.state.plan.map({ $0.refreshAt > now }) ?? true
        else { return false }
        guard token.fingerprint == own.fingerprint else { return true }
        guard trigger == .schedule, let login = record.state.lastSuccessAt else { return false }
        // Ages have a resolution of one second.
        return own.knownLogin.map { login > $0 + .seconds(2) } ?? true
    }

    /// Whether another host has failed with these credentials and its pause is not over, so that this host must not try.
    ///
    /// Since failures are shared too, a fleet sends no more requests to a partner that is down than a single host does.
    ///
    /// - Parameter tried: digest of this host's inputs.
    package static func forbids(_ record: TokenRecord, tried: [UInt8], trigger: TokenState.Trigger, at now: BootInstant) -> Bool {
        guard trigger == .schedule, record.memory.triedDigest == tried, let trouble = record.state.trouble else { return false }
        return trouble.failure.concernsAll && trouble.isPausing(at: now)
    }

    /// How long a lock lasts unless it is prolonged.
    ///
    /// A host that dies while it holds the lock delays the others by this time, which is less than their margin.
    ///
    /// - Parameter isExclusive: whether no other host may log in in between, however long it takes.
    package static func lockTime(margin: Duration?, isExclusive: Bool = false) -> Duration {
        isExclusive ? .seconds(15) : max(.seconds(2), min(.seconds(15), (margin ?? .seconds(15)) / 2))
    }

    /// How long a host that has lost the store waits before it tries once more and then logs in without it.
    ///
    /// The first part lets members elect a leader; the rest is spread over half of the token's remaining life, so that hosts do not
    /// all log in at once. A login that was requested waits at most 1 s.
    package static func soloPause(remaining: Duration?, trigger: TokenState.Trigger, draw: Double) -> Duration {
        guard trigger == .schedule else { return .milliseconds(500) * (1 + draw) }
        let room = max(.milliseconds(500), remaining.map { $0 / 2 } ?? .seconds(10))
        let first = min(.seconds(3), room / 2)
        return first + (room - first) * draw
    }

    /// Whether a host may log in without the lock: if a new login ends the old token, only the host that logged in last may.
    package static func maySolo(isExclusive: Bool, own: Own) -> Bool { !isExclusive || own.isOwn }

    /// The part of another host's record that this host adopts.
    package enum Takeover: Sendable {
        case token(Token)
        /// The other host's time for renewing the token in hand.
        case plan(BootInstant)
        case failure(TokenState.Trouble)
        case nothing
    }

    /// Determines what to adopt from another host's record.
    ///
    /// - Parameters:
    ///   - record: on this boot's clock.
    ///   - own: this host's state of the same token.
    ///   - tried: digest of the inputs at this host's last login; a failure with other inputs is not adopted.
    ///   - isForced: whether the record replaces what is in hand, however old it is.
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
