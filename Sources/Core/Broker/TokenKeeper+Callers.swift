import Configuration
import Login
package import OutboundHTTP
package import Providers
package import Secrets
import Store
import Time
package import Tokens

/// Callers' requests to a keeper, and how they wait.
extension TokenKeeper {
    /// Returns the token: at once if it has enough life left, else as soon as a login brings one.
    ///
    /// - Parameter wait: the longest time to wait.
    /// - Throws: `TokenRefusal` if no token can be expected in that time, or the time is over.
    package func token(minValid: Duration? = nil, wait: Duration = .zero) async throws(TokenRefusal) -> Token {
        noteRequest()
        if let minValid, loginInFlight == nil, state.wantEarlyLogin(minValid: minValid, at: now) { poke() }
        guard let token = try await outcome(Waiter(wish: .token(minValid: minValid), deadline: now + wait)).get() else {
            throw TokenRefusal(.pending)
        }
        return token
    }

    /// Returns a token with none of these fingerprints as soon as there is one, or the one in hand when the time is over (a long poll).
    package func token(otherThan fingerprints: [String], minValid: Duration? = nil, wait: Duration) async throws(TokenRefusal) -> Token {
        noteRequest()
        let waiter = Waiter(wish: .otherThan(fingerprints, minValid: minValid), deadline: now + wait)
        guard let token = try await outcome(waiter).get() else { throw TokenRefusal(.pending) }
        return token
    }

    private func noteRequest() {
        if state.isIdle(at: now) { poke() }
        state.asked(at: now)
    }

    /// Logs in again now, or joins the login in flight; returns when it has ended or the time is over.
    package func refresh(asAdmin: Bool, wait: Duration) async throws(TokenRefusal) -> TokenStatus {
        if let hold = state.hold { throw TokenRefusal(.held(hold)) }
        let before = state.logins
        let isInFlight = loginInFlight != nil
        if !isInFlight {
            let isAccepted = asAdmin ? state.forceRefresh(at: now) : state.requestRefresh(at: now)
            guard isAccepted else {
                throw asAdmin ? TokenRefusal(.tooSoon, retryAfter: .seconds(10)) : TokenRefusal(.budgetExhausted, retryAfter: .seconds(300))
            }
            poke()
        }
        if !asAdmin, !isInFlight, let trouble = state.trouble, state.wishes.requested == nil {
            throw TokenRefusal(.failing(trouble.failure, isLatched: trouble.isLatched), retryAfter: state.nextAttempt(at: now).map { $0 - now })
        }
        let target = isInFlight ? before : before + 1
        _ = try await outcome(Waiter(wish: .loginEnd(target), deadline: now + wait)).get()
        if let trouble = state.trouble {
            throw TokenRefusal(.failing(trouble.failure, isLatched: trouble.isLatched), retryAfter: state.nextAttempt(at: now).map { $0 - now })
        }
        if state.logins < target || loginInFlight != nil { throw TokenRefusal(.pending, retryAfter: .seconds(1)) }
        return status()
    }

    /// Takes the refresh token of a person's login, and logs in with it.
    ///
    /// - Throws: `TokenRefusal`, if the login fails; the refresh token is kept.
    package func take(refreshToken: Secret, wait: Duration) async throws(TokenRefusal) -> TokenStatus {
        if inputDigests.isEmpty, let own = try? await environment.performer.ownInputs(configuration) { inputDigests = own.digests }
        state.granted()
        memory.refreshTokens = [refreshToken]
        memory.prefersLogin = false
        memory.inputDigest = memory.inputDigest ?? inputDigests.first
        memory.number += 1
        if let secured = environment.store { await secured.secure(stored) }
        return try await refresh(asAdmin: true, wait: wait)
    }

    /// Handles a caller's report that the partner refused the token with this fingerprint.
    ///
    /// - Parameter caller: who reports: a client, a user, or another entry.
    package func report(fingerprint: String, status: Int, from caller: String) async -> ReportOutcome {
        if loginInFlight != nil, state.token?.fingerprint == fingerprint, TokenState.reportedStatuses.contains(status) { return .refreshing }
        var outcome = state.accepts(reportOf: fingerprint, status: status, at: now)
        if outcome == nil { outcome = await judge(fingerprint, status, from: caller) }
        let final = outcome ?? .ignored
        environment.events.record(.rejectionReported(token: configuration.name, fingerprint: fingerprint, outcome: final))
        if final == .refreshing {
            save()
            publish()
            poke()
        }
        return final
    }

    /// Judges a report about the token in hand: by the partner's own word where the provider has `verify` and it decides, else by its rate.
    private func judge(_ fingerprint: String, _ status: Int, from caller: String) async -> ReportOutcome {
        if configuration.provider.verify != nil, let token = state.token {
            let verdict = await self.verdict(on: token)
            // The token may have changed during the suspension.
            guard state.token?.fingerprint == fingerprint else { return .alreadyReplaced }
            switch verdict {
            case .accepted: return .ignored
            // Another report may have been acted on meanwhile.
            case .refused: return state.wishes.requested != nil || loginInFlight != nil ? .refreshing : state.reported(at: now)
            case .undecided: break
            }
        }
        guard state.isCredible(status, from: caller, isExclusive: configuration.isExclusive, at: now) else { return .ignored }
        return state.reported(from: caller, at: now)
    }

    /// The partner's word about the token in hand. It is asked once a second at most: reports that come meanwhile share its word.
    private func verdict(on token: Token) async -> LoginPerformer.Verdict {
        if let check, check.fingerprint == token.fingerprint, !state.mayVerify(at: now) || !check.hasEnded { return await check.task.value }
        state.noteCheck(at: now)
        let (performer, configuration, perRequest) = (environment.performer, configuration, perRequest)
        let session = SessionValues(token: token.value, others: token.kept)
        let task = Task { await performer.verify(session, of: configuration, perRequest: perRequest) }
        check = TokenCheck(fingerprint: token.fingerprint, task: task)
        let verdict = await task.value
        if check?.fingerprint == token.fingerprint { check?.hasEnded = true }
        return verdict
    }

    /// Runs a provider's action with the operator's values, exactly once.
    package func call(_ action: ActionDefinition, values: [String: String]) async throws(LoginFailure) -> PartnerReply {
        let session = SessionValues(token: state.token?.value, others: values)
        return try await environment.performer.request(action.request, session, of: configuration, perRequest: perRequest)
    }

    // MARK: Waiting

    /// Waits for the outcome; nil instead of a token means that the awaited login has ended, or the time is over.
    private func outcome(_ waiter: Waiter) async -> Result<Token?, TokenRefusal> {
        if let answer = answer(to: waiter) { return answer }
        let clocks = environment.clocks
        let number = waiters.reserve()
        let timer = Task { [weak self] in
            try? await clocks.sleep(until: waiter.deadline)
            await self?.settleWaiters()
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { return continuation.resume(returning: .failure(TokenRefusal(.pending))) }
                waiters.add(waiter, continuation, number: number)
            }
        } onCancel: {
            Task { await self.abandon(number) }
        }
    }

    /// Ends the wait of a caller that is gone.
    private func abandon(_ number: UInt64) {
        waiters.remove(number)?.resume(returning: .failure(TokenRefusal(.pending)))
    }

    func settleWaiters() {
        for (number, waiter) in waiters.all {
            guard let answer = answer(to: waiter) else { continue }
            waiters.remove(number)?.resume(returning: answer)
        }
    }

    /// The current answer to a waiter; nil: keep waiting.
    private func answer(to waiter: Waiter) -> Result<Token?, TokenRefusal>? {
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
}
