package import Configuration
import Fleet
import Providers
package import Store
import Synchronization
import Time
package import Tokens

/// Keeps one token: at each turn it asks `TokenState` what is due, logs in or plans its next turn, and resumes waiting callers.
///
/// At most one login is in flight, and its result is shared; a caller that gives up cancels nothing. After every suspension of a
/// login the generation is compared, and a result from before a change is dropped.
package actor TokenKeeper {
    package nonisolated let cell: TokenCell
    package nonisolated let perRequest: [String: String]
    /// The partner's host, for the turns of logins; a host that a reload changed is noted by the next start.
    nonisolated let host: String
    let environment: KeeperEnvironment
    var configuration: TokenConfiguration
    var state: TokenState
    var generator: any RandomNumberGenerator & Sendable
    var generation = 0
    var isStopped = false {
        didSet { ended.store(isStopped, ordering: .releasing) }
    }
    private nonisolated let ended = Atomic<Bool>(false)
    var loginInFlight: Task<Void, Never>?
    /// Whether the login in flight has its token and waits until that is valid.
    private var isAwaitingValidity = false
    /// When the wall clock's last step forward was heeded.
    private var renewedForStepAt: BootInstant?
    /// Waits for the next replaced session's logout.
    var replacedTask: Task<Void, Never>?
    /// The last question to the partner about a token.
    var check: TokenCheck?
    var memory: LoginMemory
    /// One digest for each alternative of the inputs as last read; empty before the first read.
    var inputDigests: [[UInt8]] = []
    /// Whether the token in hand came from this host's own login.
    var isOwn = false
    var waiters = WaiterList()
    /// Whether the login needs another entry's token and may have to wait for it.
    package nonisolated var isChained: Bool { chained.load(ordering: .relaxed) }
    private nonisolated let chained: Atomic<Bool>

    /// What a combination has to wait for, so that it outlives the combination.
    nonisolated let pausedLogin = Mutex<PausedLogin?>(nil)

    /// - Parameters:
    ///   - record: the stored state, converted to this boot's clock.
    ///   - pause: what the same combination had to wait for when it went.
    package init(
        _ configuration: TokenConfiguration, perRequest: [String: String] = [:], environment: KeeperEnvironment, record: TokenRecord? = nil,
        pause: PausedLogin? = nil
    ) {
        self.configuration = configuration
        self.perRequest = perRequest
        host = configuration.host
        self.environment = environment
        chained = Atomic(!configuration.tokenInputs.isEmpty)
        state = record?.state ?? TokenState(policy: configuration.refresh, trouble: pause?.trouble)
        memory = record?.memory ?? LoginMemory()
        cell = TokenCell(name: configuration.name, isRequired: configuration.isRequired)
        generator = environment.makeGenerator()
        state.asked(at: environment.clocks.boot)
        if state.token != nil { cell.publish(Self.snapshot(state, isLoggingIn: false)) }
        if state.hold != nil { cell.isRequired.store(false, ordering: .relaxed) }
    }

    var now: BootInstant { environment.clocks.boot }

    /// Whether the keeper was stopped, or has stopped itself.
    package nonisolated var hasEnded: Bool { ended.load(ordering: .acquiring) }

    // MARK: Turns

    /// Does what is due: begins a login, drops an expired token or plans the next turn.
    func turn() {
        guard !isStopped, loginInFlight == nil else { return }
        endReplaced()
        noteAsked()
        switch state.next(at: now) {
        case .login(let trigger):
            beginLogin(trigger)
        case .wait(let until):
            environment.schedule.plan(self, at: until)
        case .rest:
            if state.dropIfDead(at: now) {
                publish()
                environment.events.record(.tokenDropped(token: configuration.name))
            }
            if state.token == nil, !perRequest.isEmpty, state.isIdle(at: now) {
                // Whoever asks next must not log in within the pause.
                if let trouble = state.trouble, trouble.isPausing(at: now) {
                    if let end = trouble.retryAt { environment.schedule.plan(self, at: end) }
                    return
                }
                environment.store?.remove(RecordName(configuration.name, perRequest))
                return stop()
            }
            if let restEnd { environment.schedule.plan(self, at: restEnd) }
        }
    }

    package func stop() {
        isStopped = true
        generation += 1
        replacedTask?.cancel()
        cancelLogin()
        environment.schedule.forget(self)
        settleWaiters()
    }

    /// Waits for a login that `stop` did not cancel.
    package func finish() async {
        await loginInFlight?.value
    }

    /// Cancels a login that `stop` did not cancel.
    package func abandon() {
        loginInFlight?.cancel()
    }

    /// Cancels the login, except a refresh: its answer may hold the only refresh token that the partner still accepts.
    func cancelLogin() {
        if configuration.provider.refreshRequest == nil || isAwaitingValidity { loginInFlight?.cancel() }
    }

    /// When to check an idle token again: event loops that serve it note the request but do not call the keeper.
    private var restEnd: BootInstant? {
        guard state.policy.idleAfter != nil, let token = state.token, token.isAlive(at: now) else { return nil }
        return min(token.deadline ?? .distantFuture, now + .seconds(30))
    }

    /// Plans a turn now.
    func poke() {
        environment.schedule.plan(self, at: now)
    }

    /// Applies the time of the last request that an event loop answered.
    func noteAsked() {
        let asked = BootInstant(nanoseconds: cell.lastAsked.load(ordering: .relaxed) * 1_000_000_000)
        if asked > state.wishes.lastAskedAt ?? BootInstant(nanoseconds: 0) { state.asked(at: asked) }
    }

    // MARK: Logging in

    private func beginLogin(_ trigger: TokenState.Trigger) {
        let began = now
        let (startedIn, number) = (generation, memory.number)
        state.loginBegan(trigger, at: began)
        environment.events.record(.loginBegan(token: configuration.name, trigger: trigger))
        let isChained = isChained
        if !isChained { environment.schedule.loginBegan() }
        let attempt = LoginAttempt(
            configuration: configuration, perRequest: perRequest, memory: memory, values: state.token?.kept ?? [:],
            held: state.wishes.isReported || !state.hasLivingToken(at: began) ? nil : state.token, trigger: trigger,
            isUrgent: !state.hasLivingToken(at: began), isDesperate: state.isDesperate(at: began),
            own: FleetPolicy.Own(
                fingerprint: state.token?.fingerprint, remaining: state.token?.remaining(at: began), isOwn: isOwn, knownLogin: state.lastSuccessAt,
                number: memory.number),
            margin: (state.token?.expiry.lifetime ?? state.longestLifetime).map(state.policy.margin), policy: state.policy,
            isWanted: { [weak self] in await self?.generation == startedIn })
        // An unstructured task: an impatient caller must not cancel a login that others share.
        loginInFlight = Task { [weak self, environment, isChained] in
            let ended = await attempt.run(environment)
            if !isChained { environment.schedule.loginEnded() }
            await self?.loginEnded(ended, trigger, startedIn: startedIn, number: number, began: began)
        }
        publish()
    }

    private func loginEnded(
        _ ending: LoginAttempt.Ending, _ trigger: TokenState.Trigger, startedIn: Int, number: Int64, began: BootInstant
    ) async {
        if isOvertaken(ending, since: number) { return await dropOvertaken(ending) }
        await remember(ending)
        if startedIn == generation { await awaitValidity(of: ending) }
        loginInFlight = nil
        defer { turn() }
        guard startedIn == generation else {
            environment.events.record(.lateResultDropped(token: configuration.name))
            // What a refresh brought that could not be cancelled was given up too.
            if state.hold == .revoked {
                memory.refreshTokens = []
                save()
            }
            settleWaiters()
            await environment.fleet?.unlock(ending.lock)
            return
        }
        switch ending {
        case .took(let record, _): apply(record, isForced: true)
        case .failedBefore(let failure): settle(.failure(failure), trigger: trigger, took: now - began)
        case .loggedIn(let report, _, _, _):
            // A refresh that fails for the reason of the login after it says nothing more.
            if let failure = report.refreshFailure, (try? report.outcome.get()) != nil || failure.rejectsGrant {
                environment.events.record(.refreshFailed(token: configuration.name, failure: failure))
            }
            settle(report.outcome, trigger: trigger, took: now - began)
        }
        settleWaiters()
        await shareWithFleet(ending)
    }

    /// Waits until a new token is valid, as for the login itself: a living old token is served meanwhile, unless the login has ended it.
    private func awaitValidity(of ending: LoginAttempt.Ending) async {
        guard case .loggedIn(let report, _, _, _) = ending, let start = (try? report.outcome.get())?.validFrom, start > now else { return }
        if configuration.isExclusive {
            state.dropEnded()
            publish()
        }
        environment.events.record(.tokenNotYetValid(token: configuration.name, wait: start - now))
        isAwaitingValidity = true
        try? await environment.clocks.sleep(until: start)
        isAwaitingValidity = false
    }

    /// Remembers a login's result for the next one.
    ///
    /// A new refresh token is on disk before its access token is served, whatever happened to the entry meanwhile, since losing it
    /// would lock the account (RFC 6749 §6). If the store fails, it is kept only in memory.
    private func remember(_ ending: LoginAttempt.Ending) async {
        switch ending {
        case .failedBefore: break
        case .took(_, let digests):
            inputDigests = digests
            memory.triedDigest = LoginMemory.digest(ofAll: digests)
        case .loggedIn(let report, let lock, let theirs, let digests):
            inputDigests = digests
            if let theirs, theirs.number >= memory.number { memory = theirs }
            guard memory.learn(report, tried: LoginMemory.digest(ofAll: digests)) else { return }
            await environment.store?.secure(stored)
            _ = await environment.fleet?.write(stored, under: lock, isExclusive: configuration.isExclusive)
        }
    }

    /// Applies a login's result to the state, and saves and publishes it.
    private func settle(_ result: Result<TokenDraft, LoginFailure>, trigger: TokenState.Trigger, took: Duration) {
        let event = adopt(result, trigger: trigger, took: took)
        save()
        // Publish before recording the event: observers read the cell.
        publish()
        environment.events.record(event)
    }

    private func adopt(_ result: Result<TokenDraft, LoginFailure>, trigger: TokenState.Trigger, took: Duration) -> BrokerEvent {
        do throws(LoginFailure) {
            let draft = try result.get()
            let fingerprint = environment.identity.fingerprints.fingerprint(of: draft.value)
            let before = state.token
            let adoption = try state.adopt(draft, fingerprint: fingerprint, trigger: trigger, at: now, using: &generator)
            noteReplaced(before)
            isOwn = true
            // Its request was on its way while the machine may have slept.
            if let stepped = renewedForStepAt, draft.sentAt < stepped { _ = state.renewSoon(at: now) }
            if draft.expiry.ignoredPartnerClock { environment.events.record(.partnerClockIgnored(token: configuration.name)) }
            for source in draft.expiry.ignoredSources {
                environment.events.record(.expirySourceIgnored(token: configuration.name, source: source))
            }
            return .tokenAdopted(
                token: configuration.name, fingerprint: fingerprint, adoption: adoption, lifetime: state.token?.remaining(at: now),
                nextRefresh: state.nextAttempt(at: now).map { $0 - now }, took: took)
        } catch {
            state.failed(error, trigger: trigger, at: now, using: &generator)
            if state.trouble?.failure.failureClass == .rejected, let host = environment.fleet?.host, !memory.rejectedBy.contains(host) {
                memory.rejectedBy.append(host)
            }
            return .loginFailed(
                token: configuration.name, failure: state.trouble?.failure ?? error, nextAttempt: state.nextAttempt(at: now).map { $0 - now },
                isLatched: state.trouble?.isLatched ?? false, took: took)
        }
    }

    // MARK: Changes

    /// Applies a new configuration of the same entry.
    ///
    /// If the login is the same, token and timers stay. If it changed, a new login is due, and the old token is served until the new
    /// one arrives.
    ///
    /// - Parameter digests: one for each alternative of the current inputs; empty if a secret cannot be read.
    /// - Returns: whether the login changed, or may be retried with another secret.
    package func reconfigure(_ new: TokenConfiguration, inputDigests digests: [[UInt8]]) -> Bool {
        let isSame = new.hasSameLogin(as: configuration) && (digests.isEmpty || memory.inputDigest.map(digests.contains) ?? true)
        if !digests.isEmpty { inputDigests = digests }
        let isTried = digests.isEmpty || memory.triedDigest == nil || memory.triedDigest == LoginMemory.digest(ofAll: digests)
        // Before `configuration` changes: whether to cancel depends on the old one.
        if !isSame { cancelLogin() }
        configuration = new
        chained.store(!new.tokenInputs.isEmpty, ordering: .relaxed)
        noteRequired()
        guard !isSame else {
            state.follow(new.refresh)
            if state.trouble?.failure.failureClass == .local || !isTried { state.release() }
            publish()
            poke()
            return !isTried
        }
        state.policy = new.refresh
        generation += 1
        state.loginChanged(at: now)
        save()
        publish()
        poke()
        return true
    }

    /// Brings the next login forward, within the budget, since the machine may have slept: once in a quarter of a life at most, as for
    /// `min_valid`. In a fleet only the host renews that logged in; the others take what it gets.
    func renewSoon(at instant: BootInstant) {
        guard !isStopped, environment.fleet == nil || isOwn else { return }
        let pause = max(.seconds(60), (state.token?.expiry.lifetime ?? .zero) / 4)
        if let last = renewedForStepAt, last + pause > instant { return }
        renewedForStepAt = instant
        guard state.renewSoon(at: instant) else { return }
        publish()
        poke()
    }

    /// Saves what is held once more, unless the keeper has ended: its record is gone, or another's.
    func saveAgain() {
        if !isStopped { save() }
    }

    /// Saves the token's state to the store.
    func save() {
        environment.store?.save(stored)
    }

    /// The token's state in its stored form.
    package var stored: StoredToken {
        var record = TokenRecord(
            bootID: environment.identity.bootID, boot: now, wall: environment.clocks.wall, state: state,
            memory: memory)
        record.host = environment.fleet?.host
        return StoredToken(name: RecordName(configuration.name, perRequest), login: configuration.loginDigest, record: record.bytes)
    }

    func publish() {
        cell.publish(Self.snapshot(state, isLoggingIn: loginInFlight != nil))
        if !perRequest.isEmpty { pausedLogin.withLock { $0 = state.trouble.map(PausedLogin.init) } }
    }

    private static func snapshot(_ state: TokenState, isLoggingIn: Bool) -> TokenSnapshot? {
        guard let token = state.token else { return nil }
        let isStale = isLoggingIn || state.trouble != nil || state.wishes.isReported
        let floor = token.expiry.lifetime.map(RefreshPolicy.floor) ?? .zero
        return TokenSnapshot(
            token: token, staleAt: isStale ? BootInstant(nanoseconds: 0) : state.plan?.refreshAt ?? .distantFuture,
            servedUntil: token.deadline.map { $0 - floor })
    }

    package func status() -> TokenStatus {
        noteAsked()
        return TokenStatus(
            state, of: (configuration.name, configuration.provider.name, configuration.isRequired), inputs: perRequest,
            configuredLifetime: configuration.configuredLifetime, isLoggingIn: loginInFlight != nil, now: now, wall: environment.clocks.wall)
    }
}
