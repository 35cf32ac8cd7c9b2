import Synchronization

/// What a keeper works with; all of it injected.
package struct KeeperEnvironment: Sendable {
    package var clocks: any Clocks
    package var performer: LoginPerformer
    package var events: any EventSink
    package var fingerprints: Fingerprints
    package var schedule: RefreshSchedule
    /// Nil where tokens are kept in memory.
    package var store: StoreAccess?
    /// Makes the generator of one keeper's jitter.
    package var makeGenerator: @Sendable () -> any RandomNumberGenerator & Sendable

    package init(
        clocks: any Clocks, performer: LoginPerformer, events: any EventSink, fingerprints: Fingerprints, schedule: RefreshSchedule,
        store: StoreAccess? = nil, makeGenerator: @escaping @Sendable () -> any RandomNumberGenerator & Sendable = { SystemRandomNumberGenerator() }
    ) {
        self.clocks = clocks
        self.performer = performer
        self.events = events
        self.fingerprints = fingerprints
        self.schedule = schedule
        self.store = store
        self.makeGenerator = makeGenerator
    }
}

/// What a login brought, and a digest of the inputs it was made with.
private struct LoginResult: Sendable {
    var outcome: Result<TokenDraft, LoginFailure>
    var inputDigest: [UInt8]?
}

/// One token's life: at each turn it asks `TokenState` what is due and logs in, or has the schedule call again; it tells
/// whoever waits.
///
/// One login is in flight at most and its result is shared; a caller that gives up cancels nothing. After every
/// suspension of a login the generation is compared: a result from before a change is dropped.
package actor TokenKeeper {
    package nonisolated let cell: TokenCell
    package nonisolated let perRequest: [String: String]
    private let environment: KeeperEnvironment
    private var configuration: TokenConfiguration
    private var state: TokenState
    private var generator: AnyGenerator
    private var generation = 0
    private var isStopped = false {
        didSet { ended.store(isStopped, ordering: .releasing) }
    }
    private nonisolated let ended = Atomic<Bool>(false)
    private var loginInFlight: Task<Void, Never>?
    private var inputDigest: [UInt8]?
    private var waiters = WaiterList()
    /// Whether its login needs another entry's token, for which it may wait.
    package nonisolated var isChained: Bool { chained.load(ordering: .relaxed) }
    private nonisolated let chained: Atomic<Bool>

    /// - Parameter record: the token's life as it was kept, on this boot's clock.
    package init(
        _ configuration: TokenConfiguration, perRequest: [String: String] = [:], environment: KeeperEnvironment, record: TokenRecord? = nil
    ) {
        self.configuration = configuration
        self.perRequest = perRequest
        self.environment = environment
        chained = Atomic(!configuration.tokenInputs.isEmpty)
        state = record?.state ?? TokenState(policy: configuration.refresh)
        inputDigest = record?.inputDigest
        cell = TokenCell(name: configuration.name, isRequired: configuration.isRequired)
        generator = AnyGenerator(environment.makeGenerator())
        state.asked(at: environment.clocks.boot)
        if state.token != nil { cell.publish(Self.snapshot(state, isLoggingIn: false)) }
    }

    private var now: BootInstant { environment.clocks.boot }

    /// Whether it was stopped, or has stopped itself.
    package nonisolated var hasEnded: Bool { ended.load(ordering: .acquiring) }

    // MARK: Turns

    /// Does what is due: begins a login, drops what has died, or has itself called again when something will be.
    func turn() {
        guard !isStopped, loginInFlight == nil else { return }
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
                environment.store?.journal.remove(RecordName(configuration.name, perRequest))
                return stop()
            }
            if let restEnd { environment.schedule.plan(self, at: restEnd) }
        }
    }

    package func stop() {
        isStopped = true
        generation += 1
        loginInFlight?.cancel()
        environment.schedule.forget(self)
        settleWaiters()
    }

    /// An idle token is looked at now and then: event loops that serve it note that it was asked for, and do not call.
    private var restEnd: BootInstant? {
        guard state.policy.idleAfter != nil, let token = state.token, token.isAlive(at: now) else { return nil }
        return min(token.deadline ?? .distantFuture, now + .seconds(30))
    }

    /// Has itself called as soon as may be.
    private func poke() {
        environment.schedule.plan(self, at: now)
    }

    /// Takes over what event loops noted about questions they answered themselves.
    private func noteAsked() {
        let asked = BootInstant(nanoseconds: cell.lastAsked.load(ordering: .relaxed) * 1_000_000_000)
        if asked > state.lastAskedAt ?? BootInstant(nanoseconds: 0) { state.asked(at: asked) }
    }

    // MARK: Logging in

    private func beginLogin(_ trigger: TokenState.Trigger) {
        let began = now
        let startedIn = generation
        state.loginBegan(trigger, at: began)
        environment.events.record(.loginBegan(token: configuration.name, trigger: trigger))
        let isChained = isChained
        if !isChained { environment.schedule.loginBegan() }
        let (performer, configuration, perRequest) = (environment.performer, configuration, perRequest)
        // The one unstructured task there is: an impatient caller must not cancel everybody's login.
        loginInFlight = Task { [weak self, schedule = environment.schedule, isChained] in
            var digest: [UInt8]?
            let outcome: Result<TokenDraft, LoginFailure>
            do throws(LoginFailure) {
                let inputs = try await performer.ownInputs(configuration)
                digest = inputs.digest
                outcome = .success(try await performer.login(configuration, inputs: inputs, perRequest: perRequest))
            } catch {
                outcome = .failure(error)
            }
            if !isChained { schedule.loginEnded() }
            await self?.loginEnded(LoginResult(outcome: outcome, inputDigest: digest), trigger, startedIn: startedIn, began: began)
        }
        publish()
    }

    private func loginEnded(_ result: LoginResult, _ trigger: TokenState.Trigger, startedIn: Int, began: BootInstant) {
        loginInFlight = nil
        defer { turn() }
        guard startedIn == generation else {
            environment.events.record(.lateResultDropped(token: configuration.name))
            return settleWaiters()
        }
        inputDigest = result.inputDigest ?? inputDigest
        let event = apply(result.outcome, trigger: trigger, took: now - began)
        keep()
        // Published before it is told: who hears of it looks at the cell.
        publish()
        environment.events.record(event)
        settleWaiters()
    }

    /// Takes a login's result into the state; what there is to tell of it.
    private func apply(_ result: Result<TokenDraft, LoginFailure>, trigger: TokenState.Trigger, took: Duration) -> BrokerEvent {
        do throws(LoginFailure) {
            let draft = try result.get()
            let fingerprint = environment.fingerprints.fingerprint(of: draft.value)
            let adoption = try state.adopt(draft, fingerprint: fingerprint, trigger: trigger, at: now, using: &generator)
            if draft.expiry.ignoredPartnerClock { environment.events.record(.partnerClockIgnored(token: configuration.name)) }
            return .tokenAdopted(
                token: configuration.name, fingerprint: fingerprint, adoption: adoption, lifetime: state.token?.remaining(at: now),
                nextRefresh: state.nextAttempt(at: now).map { $0 - now }, took: took)
        } catch {
            state.failed(error, trigger: trigger, at: now, using: &generator)
            return .loginFailed(
                token: configuration.name, failure: error, nextAttempt: state.nextAttempt(at: now).map { $0 - now }, isLatched: state.isLatched,
                took: took)
        }
    }

    // MARK: Callers

    /// The token, at once where there is one with enough life left, else as soon as a login brings it.
    ///
    /// - Parameter wait: how long to wait at most.
    /// - Throws: `TokenRefusal` when the outcome is known to be none, or the time is over.
    package func token(minValid: Duration? = nil, wait: Duration = .zero) async throws(TokenRefusal) -> Token {
        noteQuestion()
        if let minValid, loginInFlight == nil, state.wantEarlyLogin(minValid: minValid, at: now) { poke() }
        guard let token = try await outcome(Waiter(wish: .token(minValid: minValid), deadline: now + wait)).get() else {
            throw TokenRefusal(.pending)
        }
        return token
    }

    /// Another token than those with these fingerprints as soon as there is one, or the one in hand when the time is over (a long poll).
    package func token(otherThan fingerprints: [String], minValid: Duration? = nil, wait: Duration) async throws(TokenRefusal) -> Token {
        noteQuestion()
        let waiter = Waiter(wish: .otherThan(fingerprints, minValid: minValid), deadline: now + wait)
        guard let token = try await outcome(waiter).get() else { throw TokenRefusal(.pending) }
        return token
    }

    private func noteQuestion() {
        if state.isIdle(at: now) { poke() }
        state.asked(at: now)
    }

    /// Logs in again now, or joins the login in flight; returns when it has ended or the time is over.
    package func refresh(asAdmin: Bool, wait: Duration) async throws(TokenRefusal) -> TokenStatus {
        let before = state.logins
        let isInFlight = loginInFlight != nil
        if !isInFlight {
            let isAccepted = asAdmin ? state.forceRefresh(at: now) : state.requestRefresh(at: now)
            guard isAccepted else { throw TokenRefusal(.budgetExhausted, retryAfter: asAdmin ? .seconds(10) : .seconds(300)) }
            poke()
        }
        if !asAdmin, !isInFlight, let failure = state.lastFailure, state.requested == nil {
            throw TokenRefusal(.failing(failure, isLatched: state.isLatched), retryAfter: state.nextAttempt(at: now).map { $0 - now })
        }
        let target = isInFlight ? before : before + 1
        _ = try await outcome(Waiter(wish: .loginEnd(target), deadline: now + wait)).get()
        if let failure = state.lastFailure {
            throw TokenRefusal(.failing(failure, isLatched: state.isLatched), retryAfter: state.nextAttempt(at: now).map { $0 - now })
        }
        if state.logins < target || loginInFlight != nil { throw TokenRefusal(.pending, retryAfter: .seconds(1)) }
        return status()
    }

    /// The partner refused the token with this fingerprint, a caller says.
    package func report(fingerprint: String, status: Int) async -> ReportOutcome {
        if loginInFlight != nil, state.token?.fingerprint == fingerprint, status == 401 || status == 403 { return .refreshing }
        let isVerified = configuration.provider.verify != nil
        var outcome = state.accepts(reportOf: fingerprint, status: status, isVerified: isVerified, at: now)
        if outcome == nil {
            state.noteReport(at: now)
            if await isRefuted() {
                outcome = .ignored
            } else {
                // Suspended since: the token may be another one by now.
                outcome = state.token?.fingerprint == fingerprint ? state.reported(at: now) : .alreadyReplaced
            }
        }
        let final = outcome ?? .ignored
        environment.events.record(.rejectionReported(token: configuration.name, fingerprint: fingerprint, outcome: final))
        if final == .refreshing {
            keep()
            publish()
            poke()
        }
        return final
    }

    /// Whether the provider has a `verify` request and it does not bear the report out: only 401 and 403 do.
    private func isRefuted() async -> Bool {
        guard let verify = configuration.provider.verify, let token = state.token else { return false }
        let extra = ["token": token.value.exposedBytes].merging(token.values.mapValues { Array($0.utf8) }) { first, _ in first }
        let reply = try? await environment.performer.request(verify, of: configuration, perRequest: perRequest, extra: extra)
        return reply?.status != 401 && reply?.status != 403
    }

    /// Runs a provider's action with the operator's values; once, never repeated by itself.
    package func call(_ action: ActionDefinition, values: [String: String]) async throws(LoginFailure) -> PartnerReply {
        var extra = values.mapValues { Array($0.utf8) }
        if let token = state.token { extra["token"] = token.value.exposedBytes }
        return try await environment.performer.request(action.request, of: configuration, perRequest: perRequest, extra: extra)
    }

    // MARK: Waiting

    /// Nil in place of a token: what was waited for has happened, or the time is over.
    private func outcome(_ waiter: Waiter) async -> Result<Token?, TokenRefusal> {
        if let settled = settle(waiter) { return settled }
        let clocks = environment.clocks
        let number = waiters.reserve()
        let timer = Task { [weak self] in
            try? await clocks.sleep(until: waiter.deadline)
            await self?.settleWaiters()
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { waiters.add(waiter, $0, number: number) }
    }

    private func settleWaiters() {
        for (number, waiter) in waiters.all {
            guard let settled = settle(waiter) else { continue }
            waiters.remove(number)?.resume(returning: settled)
        }
    }

    /// The answer to a waiter as things stand; nil: wait on.
    private func settle(_ waiter: Waiter) -> Result<Token?, TokenRefusal>? {
        guard !isStopped else { return .failure(TokenRefusal(.stopping)) }
        let isOver = now >= waiter.deadline
        switch waiter.wish {
        case .loginEnd(let number):
            return isOver || state.logins >= number && loginInFlight == nil ? .success(nil) : nil
        case .otherThan(let fingerprints, let minValid):
            if !isOver, let token = state.token, fingerprints.contains(token.fingerprint) || fingerprints.contains("*"), token.isAlive(at: now) {
                return nil
            }
            return answer(minValid: minValid, deadline: waiter.deadline)
        case .token(let minValid):
            return answer(minValid: minValid, deadline: waiter.deadline)
        }
    }

    private func answer(minValid: Duration?, deadline: BootInstant) -> Result<Token?, TokenRefusal>? {
        switch state.outcome(minValid: minValid, deadline: deadline, isLoggingIn: loginInFlight != nil, at: now) {
        case .serve(let token): .success(token)
        case .refuse(let refusal): .failure(refusal)
        case .keepWaiting: nil
        }
    }

    // MARK: Changes

    /// Takes a new configuration of the same entry: with the same login token and timers stay; another login is made
    /// beside the old token, which serves on until the new one is there.
    ///
    /// - Parameter digest: of the inputs as they are now; nil where a secret cannot be read.
    /// - Returns: whether the login changed.
    package func reconfigure(_ new: TokenConfiguration, inputDigest digest: [UInt8]?) -> Bool {
        let isSame = new.hasSameLogin(as: configuration) && (digest == nil || inputDigest == nil || digest == inputDigest)
        configuration = new
        chained.store(!new.tokenInputs.isEmpty, ordering: .relaxed)
        cell.isRequired.store(new.isRequired, ordering: .relaxed)
        guard !isSame else {
            state.follow(new.refresh)
            if state.lastFailure?.failureClass == .local { state.release() }
            publish()
            poke()
            return false
        }
        state.policy = new.refresh
        generation += 1
        loginInFlight?.cancel()
        state.loginChanged(at: now)
        keep()
        publish()
        poke()
        return true
    }

    /// Hands the token's life to the store.
    private func keep() {
        guard let store = environment.store else { return }
        let record = TokenRecord(bootID: store.bootID, boot: now, wall: environment.clocks.wall, state: state, inputDigest: inputDigest)
        store.journal.save(
            StoredToken(name: RecordName(configuration.name, perRequest), login: configuration.loginDigest, record: record.bytes))
    }

    private func publish() {
        cell.publish(Self.snapshot(state, isLoggingIn: loginInFlight != nil))
    }

    private static func snapshot(_ state: TokenState, isLoggingIn: Bool) -> TokenSnapshot? {
        guard let token = state.token else { return nil }
        let isStale = isLoggingIn || state.lastFailure != nil || state.isReported
        let floor = token.expiry.lifetime.map(RefreshPolicy.floor) ?? .zero
        return TokenSnapshot(
            token: token, staleAt: isStale ? BootInstant(nanoseconds: 0) : state.refreshAt ?? .distantFuture,
            servedUntil: token.deadline.map { $0 - floor })
    }

    package func status() -> TokenStatus {
        noteAsked()
        return TokenStatus(
            state, configuration: configuration, perRequest: perRequest, isLoggingIn: loginInFlight != nil, now: now, wall: environment.clocks.wall)
    }
}
