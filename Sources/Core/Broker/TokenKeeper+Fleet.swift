import Configuration
package import Fleet
import Store
import Time
import Tokens

/// Exchange of results between a keeper and the other hosts of a fleet.
extension TokenKeeper {
    /// Applies another host's record if it is about this login.
    package func receive(_ stored: FleetRecord) {
        guard !isStopped, stored.token.login == configuration.loginDigest, let fleet = environment.fleet,
            let record = fleet.record(stored, policy: state.policy), record.host != fleet.host,
            inputDigests.isEmpty || record.memory.inputDigest.map(inputDigests.contains) ?? true
        else { return }
        apply(record, isForced: false)
    }

    /// Applies what is newer in another host's record.
    ///
    /// - Parameter isForced: whether the record replaces what is in hand, however old it is.
    func apply(_ record: TokenRecord, isForced: Bool) {
        switch FleetPolicy.takeover(of: record, own: state, tried: memory.triedDigest, isForced: isForced, at: now) {
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
            state.planAgain(at: refreshAt, loginAt: record.state.lastSuccessAt)
        case .failure(let trouble):
            state.adopt(shared: trouble, at: now, using: &generator)
            publish()
        case .nothing: break
        }
        settleWaiters()
        poke()
    }

    /// Writes a login's result for the other hosts; if another host's record prevails, applies that record.
    func shareWithFleet(_ ending: LoginAttempt.Ending) async {
        guard let fleet = environment.fleet, case .loggedIn(let report, let lock, _, _) = ending else { return }
        let startedIn = generation
        let theirs = report.concernsAll ? await fleet.write(stored, under: lock) : nil
        await fleet.unlock(lock)
        // The other hosts share the failure: this host retries after them, since the fault may be its own.
        if case .failure = report.outcome { state.stepBack(at: now) }
        guard startedIn == generation, let theirs, let record = fleet.record(theirs, policy: state.policy), record.host != fleet.host else { return }
        apply(record, isForced: true)
    }
}
