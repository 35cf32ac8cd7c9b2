package import Configuration
package import Time
package import Tokens

/// Limits logins: in parallel overall and per host, in a period per account, and none while a partner's pause for an account lasts.
///
/// An account is a base URL with its secrets. Freed slots go round by host, and within a host to entries without a living token first.
package actor LoginGate {
    private let bounds: LoginBounds
    private let clocks: any Clocks
    private var inFlight = 0
    private var inFlightByHost: [String: Int] = [:]
    private var waiters = TurnQueue<CheckedContinuation<Void, Never>>()
    /// Hosts whose last login got no answer. Together they have at most half of the slots: a hundred names that never resolve leave the
    /// others the rest.
    private var silent: Set<String> = []
    private var pausedUntil: [String: BootInstant] = [:]
    private var queues: [String: LoginQueue] = [:]

    package init(bounds: LoginBounds, clocks: any Clocks) {
        self.bounds = bounds
        self.clocks = clocks
    }

    /// Takes a slot, queueing until one is free; release it with `leave`.
    ///
    /// - Parameters:
    ///   - entry: who logs in; it keeps its place in the account's line.
    ///   - isUrgent: whether no token lives.
    /// - Throws: a `waiting` failure with the time left, if the account is paused or has used up its logins.
    package func enter(account: String, entry: [UInt8] = [], host: String, limit: Rate?, isUrgent: Bool = false) async throws(LoginFailure) {
        try check(account: account)
        if let limit { try takeTurn(account, entry, limit) }
        if !hasRoom(host) {
            // `leave` has already counted the slot it hands over.
            await withCheckedContinuation { waiters.add($0, lane: host, isUrgent: isUrgent) }
            do throws(LoginFailure) {
                try check(account: account)
            } catch {
                leave(host: host, hasAnswered: !silent.contains(host))
                throw error
            }
        } else {
            take(host)
        }
    }

    /// - Parameter hasAnswered: whether the partner answered, whatever it said.
    package func leave(host: String, hasAnswered: Bool = true) {
        if hasAnswered { silent.remove(host) } else { silent.insert(host) }
        inFlight -= 1
        inFlightByHost[host, default: 1] -= 1
        if inFlightByHost[host] == 0 { inFlightByHost[host] = nil }
        while let next = waiters.next(where: hasRoom) {
            take(next.lane)
            next.element.resume()
        }
    }

    /// Pauses an account because the partner asked for it.
    package func pause(account: String, for duration: Duration) {
        pause(account: account, until: clocks.boot + duration)
    }

    /// Pauses an account until a moment, as before a restart.
    package func pause(account: String, until end: BootInstant) {
        pausedUntil[account] = max(pausedUntil[account] ?? end, end)
    }

    /// Ends an account's pause, because an operator asked for a login.
    package func endPause(account: String) {
        pausedUntil[account] = nil
    }

    private func hasRoom(_ host: String) -> Bool {
        guard inFlight < bounds.parallel, inFlightByHost[host, default: 0] < bounds.perHost else { return false }
        guard silent.contains(host) else { return true }
        return silent.reduce(0) { $0 + inFlightByHost[$1, default: 0] } < max(1, bounds.parallel / 2)
    }

    private func take(_ host: String) {
        inFlight += 1
        inFlightByHost[host, default: 0] += 1
    }

    private func check(account: String) throws(LoginFailure) {
        guard let until = pausedUntil[account] else { return }
        let now = clocks.boot
        if until > now { throw waiting("until the partner's pause for this account ends", until - now) }
        pausedUntil[account] = nil
    }

    private func takeTurn(_ account: String, _ entry: [UInt8], _ limit: Rate) throws(LoginFailure) {
        let now = clocks.boot
        guard let turn = queues[account, default: LoginQueue()].turn(of: entry, limit, at: now) else { return }
        var failure = waiting("for the account's rate limit: \(limit.count) logins in \(DurationSyntax.words(limit.period))", turn - now)
        failure.hasTurn = true
        throw failure
    }

    private func waiting(_ reason: String, _ time: Duration) -> LoginFailure {
        var failure = LoginFailure(.waiting, "waiting \(reason)")
        failure.retryAfter = time
        failure.waitingFor = .throttled
        return failure
    }
}
