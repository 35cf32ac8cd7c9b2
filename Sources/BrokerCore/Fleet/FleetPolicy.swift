/// What a host does when a login is due and others share it. Pure.
package enum FleetPolicy {
    /// What this host has in hand.
    package struct Own: Sendable {
        /// Fingerprint of the token in hand.
        package var fingerprint: String?
        package var remaining: Duration?
        /// Whether the token in hand came of this host's own login.
        package var isOwn = false

        package init(fingerprint: String?, remaining: Duration?, isOwn: Bool) {
            self.fingerprint = fingerprint
            self.remaining = remaining
            self.isOwn = isOwn
        }
    }

    /// Whether the fleet's record makes the login needless: another token than ours that is not due itself, or ours with a later
    /// plan, made with inputs that are ours too.
    ///
    /// - Parameters:
    ///   - record: on this boot's clock.
    ///   - trigger: somebody who asked for another token is not content with the one in hand.
    package static func suffices(_ record: TokenRecord, own: Own, inputs: [[UInt8]], trigger: TokenState.Trigger, at now: BootInstant) -> Bool {
        guard record.memory.inputDigest.map(inputs.contains) ?? true, let token = record.state.token, token.isAlive(at: now),
            record.state.refreshAt.map({ $0 > now }) ?? true
        else { return false }
        if token.fingerprint == own.fingerprint { return trigger == .schedule }
        return true
    }

    /// Whether another host has just learned that these credentials are refused, or that the partner wants a pause: then this
    /// one need not ask too.
    ///
    /// - Parameter tried: of the secrets there are here.
    package static func forbids(_ record: TokenRecord, tried: [UInt8], trigger: TokenState.Trigger, at now: BootInstant) -> Bool {
        guard trigger == .schedule, record.memory.triedDigest == tried, let failure = record.state.lastFailure else { return false }
        return failure.isAccounts && (record.state.isLatched && record.state.retryAt == nil || record.state.retryAt.map { $0 > now } ?? false)
    }

    /// How long a lock lasts unless it is prolonged: a host that dies holding it holds the others up that long, and less than
    /// the margin they have.
    package static func lockTime(margin: Duration?) -> Duration {
        max(.seconds(2), min(.seconds(15), (margin ?? .seconds(15)) / 2))
    }

    /// How long a host whose store is lost waits before it tries once more and then logs in alone: half of it so that members can
    /// elect a leader, half so that not all hosts do at once.
    package static func soloPause(remaining: Duration?, draw: Double) -> Duration {
        min(.seconds(10), max(.milliseconds(500), (remaining ?? .zero) / 4)) * (0.5 + draw / 2)
    }

    /// Whether a host may log in without the lock: where a new login kills the old token, the one that logged in last alone.
    package static func maySolo(isExclusive: Bool, own: Own) -> Bool { !isExclusive || own.isOwn }
}
