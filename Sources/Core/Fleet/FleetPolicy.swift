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
        /// The time and the number of the last login this host knows about.
        package var knownLogin: BootInstant?
        package var number: Int64 = 0

        package init(fingerprint: String?, remaining: Duration?, isOwn: Bool, knownLogin: BootInstant? = nil, number: Int64 = 0) {
            self.knownLogin = knownLogin
            self.number = number
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
        /// How long one login may take, with everything that may follow it.
        package let longest: Duration

        package init(
            trigger: TokenState.Trigger, own: Own, inputs: [[UInt8]], isExclusive: Bool, margin: Duration?, policy: RefreshPolicy,
            longest: Duration = .seconds(120)
        ) {
            self.longest = longest
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
    ///
    /// An older login's record never does.
    package static func suffices(_ record: TokenRecord, own: Own, inputs: [[UInt8]], trigger: TokenState.Trigger, at now: BootInstant) -> Bool {
        guard record.memory.number >= own.number, record.memory.inputDigest.map(inputs.contains) ?? true, let token = record.state.token,
            token.isAlive(at: now),
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
    /// - Parameters:
    ///   - tried: digest of this host's inputs.
    ///   - number: of the last login this host knows about; a failure before it is old news.
    package static func forbids(
        _ record: TokenRecord, tried: [UInt8], number: Int64 = 0, host: String = "", trigger: TokenState.Trigger, at now: BootInstant
    ) -> Bool {
        guard trigger == .schedule, record.memory.number >= number, record.memory.triedDigest == tried, let trouble = record.state.trouble
        else { return false }
        return trouble.failure.concernsAll && trouble.isPausing(at: now) && isBelieved(trouble, seenBy: record.memory.rejectedBy, here: host)
    }

    /// Whether a rejection counts on this host, and its pause: it may be that of one host's address or clock, so that this host, or a second
    /// one, must have seen it too.
    private static func isBelieved(_ trouble: TokenState.Trouble, seenBy hosts: [String], here host: String) -> Bool {
        !trouble.isLatched && trouble.failure.failureClass != .rejected || hosts.contains(host) || Set(hosts).count >= 2
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
        /// The record is that of an earlier login: this host's own is to be stored.
        case older
        case nothing
    }

    /// Determines what to adopt from another host's record.
    ///
    /// - Parameters:
    ///   - record: on this boot's clock.
    ///   - own: this host's state of the same token.
    ///   - memory: this host's memory of logins; a failure with other inputs, or before its last login, is not adopted.
    ///   - host: this host.
    ///   - isForced: whether the record replaces what is in hand, however old it is.
    ///   - draw: when a rejection that one host saw is confirmed here, from 0 to 1.
    package static func takeover(
        of record: TokenRecord, own: TokenState, memory: LoginMemory, host: String, isForced: Bool, draw: Double = 0, at now: BootInstant
    ) -> Takeover {
        guard record.memory.number >= memory.number else { return .older }
        let isNext = record.memory.number > memory.number
        let isOther = record.state.token?.fingerprint != own.token?.fingerprint
        if let token = record.state.token, isOther, token.isAlive(at: now), isForced || isNext || isNewer(token, than: own.token, at: now) {
            return .token(token)
        }
        // A failure whose pause is over, or with other inputs, says nothing: adopting it would only make a login due.
        guard var trouble = record.state.trouble, trouble.failure.concernsAll, trouble.isPausing(at: now),
            record.memory.triedDigest == memory.triedDigest
        else {
            if isForced || isNext, !isOther, let refreshAt = record.state.plan?.refreshAt { return .plan(refreshAt) }
            return .nothing
        }
        if !isBelieved(trouble, seenBy: record.memory.rejectedBy, here: host) {
            trouble.confirm(at: now + confirmation(remaining: own.token?.remaining(at: now)) * (0.1 + 0.9 * draw))
        }
        return .failure(trouble)
    }

    /// Within this time a host confirms a rejection that only one other host saw: before its own token dies, and soon where it has none.
    private static func confirmation(remaining: Duration?) -> Duration {
        min(.seconds(60), max(.seconds(4), (remaining ?? .zero) / 4))
    }

    private static func isNewer(_ token: Token, than own: Token?, at now: BootInstant) -> Bool {
        own.map { token.issuedAt > $0.issuedAt || !$0.isAlive(at: now) } ?? true
    }
}
