import Configuration
package import Fleet
import Store
import Time
import Tokens

/// Exchange of results between a keeper and the other hosts of a fleet.
extension TokenKeeper {
    /// Applies another host's record if it is about this login.
    package func receive(_ stored: FleetRecord) {
        guard !isStopped, state.hold != .revoked, stored.token.login == configuration.loginDigest, let fleet = environment.fleet,
            let record = fleet.record(stored, policy: state.policy), record.host != fleet.host,
            inputDigests.isEmpty || record.memory.inputDigest.map(inputDigests.contains) ?? true
        else { return }
        apply(record, isForced: false, revision: stored.revision)
    }

    /// Writes this host's record where a load found none.
    package func noteLoaded(_ names: Set<FleetName>) {
        guard !isStopped, memory.number > 0, state.hasLivingToken(at: now),
            !names.contains(FleetName(RecordName(configuration.name, perRequest), login: configuration.loginDigest))
        else { return }
        writeBack(over: 0)
    }

    private func writeBack(over revision: Int64) {
        guard let fleet = environment.fleet else { return }
        let stored = stored
        Task { await fleet.writeBack(stored, over: revision) }
    }

    /// Applies what is newer in another host's record.
    ///
    /// - Parameters:
    ///   - isForced: whether the record replaces what is in hand, however old it is.
    ///   - revision: the store's, of a record that this host's own replaces if it is newer.
    func apply(_ record: TokenRecord, isForced: Bool, revision: Int64? = nil) {
        let takeover = FleetPolicy.takeover(
            of: record, own: state, memory: memory, host: environment.fleet?.host ?? "", isForced: isForced,
            draw: Double.random(in: 0..<1, using: &generator), at: now)
        switch takeover {
        case .token(let token):
            state.adopt(shared: token, loginAt: record.state.lastSuccessAt, using: &generator)
            memory = record.memory
            isOwn = record.host == environment.fleet?.host
            publish()
            environment.events.record(
                .tokenShared(
                    token: configuration.name, fingerprint: token.fingerprint, lifetime: token.remaining(at: now),
                    nextRefresh: state.nextAttempt(at: now).map { $0 - now }))
        case .plan(let refreshAt):
            state.adopt(plan: refreshAt, loginAt: record.state.lastSuccessAt)
            if record.memory.number > memory.number { memory = record.memory }
        case .failure(let trouble):
            state.adopt(shared: trouble, at: now, using: &generator)
            for host in record.memory.rejectedBy where !memory.rejectedBy.contains(host) { memory.rejectedBy.append(host) }
            publish()
        case .older where isContradicted(by: record):
            // Whose session lives is not known: a new login ends both, and its number is the highest.
            state.renew(at: now)
        case .older:
            if let revision { writeBack(over: revision) }
        case .nothing: break
        }
        settleWaiters()
        poke()
    }

    /// Whether an exclusive login with a lower number was made after this host's own: by a host that did not know of this one, since the store
    /// had lost its record.
    private func isContradicted(by record: TokenRecord) -> Bool {
        guard configuration.isExclusive, let own = state.token, let theirs = record.state.token, own.fingerprint != theirs.fingerprint else {
            return false
        }
        // Ages have a resolution of one second: what may have been later counts as later.
        return theirs.issuedAt > own.issuedAt + .seconds(-2)
    }

    /// Whether another host's later login was adopted while this one was in flight: a host that sleeps keeps no lock.
    func isOvertaken(_ ending: LoginAttempt.Ending, since number: Int64) -> Bool {
        guard case .loggedIn(let report, _, let theirs, _) = ending, memory.number > max(number, theirs?.number ?? 0) else { return false }
        guard let draft = try? report.outcome.get(), let token = state.token else { return true }
        return draft.sentAt < token.issuedAt
    }

    /// Drops the result of a login that another host's has overtaken.
    func dropOvertaken(_ ending: LoginAttempt.Ending) async {
        loginInFlight = nil
        environment.events.record(.lateResultDropped(token: configuration.name))
        // Either login may have ended the other's session.
        if configuration.isExclusive, case .loggedIn(let report, _, _, _) = ending, case .success = report.outcome { state.renew(at: now) }
        publish()
        settleWaiters()
        await environment.fleet?.unlock(ending.lock)
        turn()
    }

    /// Writes a login's result for the other hosts; if another host's record prevails, applies that record.
    func shareWithFleet(_ ending: LoginAttempt.Ending) async {
        guard let fleet = environment.fleet, case .loggedIn(let report, let lock, _, _) = ending else { return }
        let startedIn = generation
        let written = report.concernsAll ? await fleet.write(stored, under: lock, isExclusive: configuration.isExclusive) : .kept
        await fleet.unlock(lock)
        // The other hosts share the failure: this host retries after them, since the fault may be its own.
        if case .failure = report.outcome { state.stepBack(at: now) }
        guard startedIn == generation else { return }
        switch written {
        case .kept: break
        case .prevails(let theirs):
            guard let record = fleet.record(theirs, policy: state.policy), record.host != fleet.host else { return }
            apply(record, isForced: true)
        case .lockLost:
            // Either login may have ended the other's session.
            if case .success = report.outcome { state.renew(at: now) }
            poke()
        }
    }
}
