import Configuration
package import Fleet
import Store
import Time
import Tokens

/// What a keeper hears from the other hosts of a fleet, and tells them.
extension TokenKeeper {
    /// Takes what another host of the fleet wrote, where it is about this login.
    package func hear(_ stored: FleetRecord) {
        guard !isStopped, stored.token.login == configuration.loginDigest, let fleet = environment.fleet,
            let record = fleet.record(stored, policy: state.policy), record.host != fleet.host,
            inputDigests.isEmpty || record.memory.inputDigest.map(inputDigests.contains) ?? true
        else { return }
        takeOver(record, isForced: false)
    }

    /// Takes what is newer in another host's record.
    ///
    /// - Parameter isForced: whether it counts in place of what is in hand, however old it is.
    func takeOver(_ record: TokenRecord, isForced: Bool) {
        switch FleetPolicy.takeover(of: record, own: state, tried: memory.triedDigest, isForced: isForced, at: now) {
        case .token(let token):
            state.takeOver(token, loginAt: record.state.lastSuccessAt, using: &generator)
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
            state.takeOver(trouble, at: now, using: &generator)
            publish()
        case .nothing: break
        }
        settleWaiters()
        poke()
    }

    /// Writes what a login brought for the other hosts; where another host's record counts, takes that.
    func tellFleet(_ ending: LoginAttempt.Ending) async {
        guard let fleet = environment.fleet, case .loggedIn(let report, let lock, _, _) = ending else { return }
        let startedIn = generation
        let theirs = report.concernsAll ? await fleet.write(stored, under: lock) : nil
        await fleet.unlock(lock)
        // Its failure is the others' too: this host comes behind them, since the fault may be its own.
        if case .failure = report.outcome { state.stepBack(at: now) }
        guard startedIn == generation, let theirs, let record = fleet.record(theirs, policy: state.policy), record.host != fleet.host else { return }
        takeOver(record, isForced: true)
    }
}
