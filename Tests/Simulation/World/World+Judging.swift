import Broker
import Configuration
import Secrets
import Store
import Time
import Tokens

/// What daemons do, held against the rules.
extension World {
    private func daemon(of life: Life) -> Daemon? { daemons[life.machine.number].flatMap { $0.life === life ? $0 : nil } }

    /// Rounding of the partner's and this host's whole seconds.
    private static let rounding = Duration.seconds(3)

    // MARK: Requests to partners

    func began(_ flight: Flight, in life: Life) {
        guard daemon(of: life) != nil else { return }
        let (machine, now) = (life.machine.number, time.now)
        count { $0.logins += 1 }
        note("\(flight.isRefresh ? "refreshes" : "logs in") \(flight.key)", on: machine)
        if models[machine].heldBack.contains(flight.account) { violate("\(flight.key) is paused or revoked, and logs in", on: machine) }
        if !models[machine].flights[flight.key, default: []].isEmpty, time.now > models[machine].appliedAt + .seconds(1) {
            violate("two logins of \(flight.key) in flight", on: machine)
        }
        models[machine].flights[flight.key, default: []].append(flight)
        checkExclusive(flight, on: machine)
        let pause = max(
            models[machine].pauses[flight.account] ?? now, models[machine].entryPauses[flight.key] ?? now)
        if pause > now, !models[machine].isOrderedByAdmin.contains(flight.account) {
            violate("\(flight.key) is asked \(DurationSyntax.words(pause - now)) before the partner's pause ends", on: machine)
        }
        if !flight.isRefresh {
            checkPatience(flight, on: machine)
            checkLimit(flight, on: machine)
        }
        if let least = models[machine].least[flight.key], least > now, !models[machine].isOrderedByAdmin.contains(flight.account) {
            violate("\(flight.key) is tried again \(DurationSyntax.words(least - now)) too soon after a failure", on: machine)
        }
        models[machine].least[flight.key] = nil
    }

    /// A process makes at most four logins a minute where the definition has such a limit.
    private func checkLimit(_ flight: Flight, on machine: Int) {
        guard account(flight.account)?.kind == .limited else { return }
        let recent = models[machine].moments[flight.account, default: []].filter { $0 + .seconds(59) > time.now }
        if recent.count >= 4 { violate("\(flight.key) logs in \(recent.count + 1) times a minute", on: machine) }
        models[machine].moments[flight.account] = recent + [time.now]
    }

    /// The least pause after a failure that states none: a tenth of a second and more, and most of a minute after a bare 429 without a living token.
    /// A refresh may be followed by a login at once, and a chained login by one with another token.
    private func notePause(_ flight: Flight, _ reply: Partner.Reply?, on machine: Int) {
        guard reply?.token == nil, !flight.isRefresh, let account = account(flight.account), account.kind != .chained else { return }
        let isBare = reply?.status == 429 && reply?.pause == nil && account.kind != .perRequest
        let isLiving =
            (models[machine].held[flight.key]?.until).map { $0 > time.now - .seconds(30) } ?? false
            || models.contains { $0.learned.contains(flight.account) }
        models[machine].least[flight.key] = time.now + (isBare && !isLiving ? .seconds(55) : .milliseconds(100))
    }

    /// No two hosts of a fleet log in to an exclusive account at once, unless one of them was cut off.
    private func checkExclusive(_ flight: Flight, on machine: Int) {
        guard account(flight.account)?.kind == .exclusive, time.now > lastUpheaval + .seconds(300) else { return }
        for other in machines.indices
        where other != machine && !models[other].flights[flight.key, default: []].isEmpty && machines[other].suspendedUntil <= time.now {
            violate("two hosts log in to the exclusive \(flight.key) at once", on: machine)
        }
    }

    /// Refused credentials are tried rarely: a wrong password must not lock the account.
    private func checkPatience(_ flight: Flight, on machine: Int) {
        let past = models[machine].rejections[flight.key] ?? []
        guard let last = past.last, !models[machine].isOrderedByAdmin.contains(flight.account) else { return }
        // The input token was at fault, perhaps: the login is repeated once with another, and may end otherwise.
        if account(flight.account)?.kind == .chained, time.now - last < .seconds(40) { return }
        let least: Duration = past.count >= 5 ? .seconds(1790) : .seconds(55)
        if time.now - last < least {
            violate("\(flight.key) is tried \(DurationSyntax.words(time.now - last)) after rejection \(past.count)", on: machine)
        }
    }

    func ended(_ flight: Flight, _ reply: Partner.Reply?, in life: Life) {
        guard daemon(of: life) != nil else { return }
        let machine = life.machine.number
        models[machine].flights[flight.key]?.removeAll { $0 == flight }
        models[machine].isOrderedByAdmin.remove(flight.account)
        notePause(flight, reply, on: machine)
        guard let reply else {
            brokenChains.insert(flight.account)
            return note("no answer to \(flight.key)", on: machine)
        }
        if flight.isRefresh, reply.isReuse, !brokenChains.contains(flight.account), machines.count == 1 {
            violate("a refresh token of \(flight.key) that counts no more: a newer one was lost", on: machine)
        }
        if reply.token != nil { brokenChains.remove(flight.account) }
        note("answer to \(flight.key): \(reply.status)\(reply.token.map { " \($0.suffix(12))" } ?? "")", on: machine)
        if let pause = reply.pause {
            let end = time.now + pause
            if reply.status == 429 { models[machine].pauses[flight.account] = end } else { models[machine].entryPauses[flight.key] = end }
        }
        if !flight.isRefresh {
            if reply.isRejection {
                models[machine].rejections[flight.key, default: []].append(time.now)
            } else {
                models[machine].rejections[flight.key] = nil
            }
        }
        if let token = reply.token, let life = reply.life {
            let isExact = account(flight.account).map { $0.kind != .webToken && $0.kind != .timestamp } ?? true
            let until = flight.sentAt + .seconds(life.wholeSeconds) - (isExact ? .zero : Self.rounding)
            promised[token] = until
            models[machine].delivered[Daemon.fingerprints.fingerprint(of: Secret(token))] = Model.Held(token: token, until: until)
        }
    }

    // MARK: Events

    func heard(_ event: BrokerEvent, from daemon: Daemon) {
        let machine = daemon.machine.number
        switch event {
        case .loginBegan(let token, let trigger):
            models[machine].triggers[token] = trigger
            checkBudget(token, trigger, daemon)
        case .tokenAdopted(let token, let fingerprint, let adoption, _, _, _):
            daemon.ended[token, default: 0] += 1
            note("\(token): \(adoption) \(fingerprint)", on: machine)
            // An operator's login is outside the budget.
            if adoption == .new, models[machine].triggers[token] != .admin { models[machine].spent[token, default: []].append(time.now) }
            adopt(token, fingerprint, on: machine)
        case .tokenShared(let token, let fingerprint, _, _):
            daemon.ended[token, default: 0] += 1
            note("\(token): shared \(fingerprint)", on: machine)
            models[machine].release(token, withPause: false)
            guard let (value, issue) = partner.issue(fingerprint) else { return violate("\(token): a shared token that nobody issued", on: machine) }
            // A record's age has whole seconds.
            let isLearned = models.contains { $0.learned.contains(token) }
            models[machine].held[token] =
                isLearned ? nil : Model.Held(token: value, until: min(issue.expires, promised[value] ?? issue.expires) - .seconds(8))
        case .loginFailed(let token, let failure, let next, let isLatched, _):
            daemon.ended[token, default: 0] += 1
            if failure.failureClass == .rejected { models[machine].spent[token, default: []].append(time.now) }
            note(
                "\(token): \(failure.failureClass.rawValue) (\(failure.reason)), next \(next.map { DurationSyntax.words($0) } ?? "never")\(isLatched ? ", latched" : "")",
                on: machine)
        case .refreshFailed(let token, _): daemon.ended[token, default: 0] += 1
        case .rejectionReported(let token, _, let outcome):
            // Only a lifetime that nobody states is learned.
            if outcome == .refreshing, account(token)?.kind == .silent { models[machine].learned.insert(token) }
        case .held(let token, let hold):
            note("\(token): held \(hold?.rawValue ?? "no more")", on: machine)
            if hold == .revoked {
                if let token = models[machine].held[token]?.token { models[machine].withdrawn.insert(token) }
                models[machine].held[token] = nil
            }
            if hold == nil { models[machine].heldBack.remove(token) } else { models[machine].heldBack.insert(token) }
            models[machine].release(token, withPause: false)
        case .lateResultDropped(let token):
            note("\(token): a late result is dropped", on: machine)
            // The answer was to a login that is no longer the entry's.
            models[machine].release(token, withPause: false)
        case .storeFailed, .storeRecovered, .loginAlone, .refreshTokenUnsecured, .refreshTokenSecured, .fleetLockBroken:
            note("\(event)", on: machine)
        default: break
        }
    }

    private func adopt(_ token: String, _ fingerprint: String, on machine: Int) {
        guard let held = models[machine].delivered[fingerprint], let issue = partner.now.issues[held.token] else { return }
        let key = issue.account + (issue.tenant.map { "/\($0)" } ?? "")
        // Two clients share the entry's combinations: another one of the same caller may take this one's place.
        if issue.tenant != nil { for other in models[machine].held.keys where Model.account(other) == token { models[machine].held[other] = nil } }
        if issue.account != token { violate("\(token) takes the token of \(issue.account)", on: machine) }
        models[machine].held[key] = models.contains { $0.learned.contains(token) } ? nil : held
        models[machine].delivered[fingerprint] = nil
    }

    /// With a living token, logins of the schedule and of callers stay within the hour's budget.
    private func checkBudget(_ token: String, _ trigger: TokenState.Trigger, _ daemon: Daemon) {
        let machine = daemon.machine.number
        guard trigger != .admin, let account = account(token), account.kind != .perRequest else { return }
        models[machine].spent[token]?.removeAll { $0 + .seconds(3600) <= time.now }
        guard let cell = daemon.broker.board.all[token], let snapshot = cell.current, snapshot.token.isAlive(at: daemon.life.boot) else { return }
        // The longest life of the entry bounds its budget from below; brief tokens raise it.
        let life = min(account.lifetime, snapshot.token.expiry.lifetime ?? account.lifetime)
        let policy = configuration(daemon.machine.variant).token(token)?.refresh ?? RefreshPolicy()
        let cap = max(LoginBudget.cap(lifetime: life, policy: policy), LoginBudget.cap(lifetime: life, policy: RefreshPolicy()))
        let spent = models[machine].spent[token, default: []].count
        if spent > cap + 1 { violate("\(token) logs in after \(spent) of \(cap) logins this hour", on: machine) }
    }

    // MARK: The disk

    func committed(_ changes: StoreChanges, by life: Life) {
        let machine = life.machine.number
        for name in changes.removed {
            models[machine].committed[name] = nil
            models[machine].committedHolds.remove(name.token)
        }
        for (name, stored) in changes.tokens {
            models[machine].committed[name] = nil
            guard let record = TokenRecord(stored.record, policy: RefreshPolicy()) else { continue }
            if record.state.hold == nil {
                models[machine].committedHolds.remove(name.token)
            } else {
                models[machine].committedHolds.insert(name.token)
            }
            guard let token = record.state.token, record.state.hold != .revoked,
                let issue = partner.now.issues[token.value.exposedText]
            else { continue }
            let until = token.deadline.map { life.world($0) } ?? issue.expires
            // A record that was made before the wall clock was set, and written after it, names another clock.
            let drift = (life.wall - record.wall) - (life.boot - record.boot)
            let isOfThisClock = drift > .seconds(-1) && drift < .seconds(1)
            models[machine].committed[name] = Model.Committed(
                held: Model.Held(token: token.value.exposedText, until: min(until, issue.expires)), login: stored.login,
                clockSteps: isOfThisClock ? life.machine.clockSteps : -1)
        }
    }

    /// A daemon that has just opened serves what the disk held.
    func opened(_ daemon: Daemon) {
        let machine = daemon.machine.number
        note("is open", on: machine)
        guard daemon.writer != nil, machines[machine].disk.weather == nil else { return }
        for (name, committed) in models[machine].committed {
            let key = name.token + (name.perRequest["tenant"].map { "/\($0)" } ?? "")
            guard committed.clockSteps == machines[machine].clockSteps, name.perRequest.isEmpty,
                let entry = daemon.configuration.token(name.token), entry.loginDigest == committed.login, models[machine].held[key] == nil
            else { continue }
            models[machine].held[key] = Model.Held(token: committed.held.token, until: committed.held.until - .seconds(6))
        }
    }
}

extension Partner {
    /// The token with a fingerprint.
    func issue(_ fingerprint: String) -> (String, Issue)? {
        let ledger = now
        return ledger.fingerprints[fingerprint].flatMap { token in ledger.issues[token].map { (token, $0) } }
    }
}
