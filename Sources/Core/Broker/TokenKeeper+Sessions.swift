import Configuration
import Login
import Providers
import Secrets
import Time
import Tokens

/// Sessions at the partner that are ended on purpose: of a token that is dropped, and of one that another has replaced.
extension TokenKeeper {
    /// Makes the provider's logout with a token.
    ///
    /// - Returns: why it failed; nil where the partner took it.
    func logout(_ rule: LogoutRule, _ token: Secret, kept: [String: String], refreshToken: Secret? = nil) async -> LoginFailure? {
        let session = SessionValues(token: token, refreshToken: refreshToken, others: kept)
        let failure = await environment.performer.logout(rule.request, session, of: configuration, perRequest: perRequest)
        if let failure { environment.events.record(.logoutFailed(token: configuration.name, failure: failure)) }
        return failure
    }

    /// Ends the sessions of an entry that is removed: of the token in hand, and of those that wait for their logout.
    package func endSessions() async {
        guard let rule = configuration.provider.logout else { return }
        let (token, refreshToken, replaced) = (state.token, memory.refreshTokens.first, memory.replaced)
        memory.replaced = []
        if let token { _ = await logout(rule, token.value, kept: token.kept, refreshToken: refreshToken) }
        for session in replaced { _ = await logout(rule, session.value, kept: session.kept) }
    }

    /// Ends the session in hand at a planned stop, where the definition says so. The token is not restored at the next start.
    package func endSessionForStop() async {
        // Other hosts of a fleet go on with it.
        guard let rule = configuration.provider.logout, rule.isMadeAtStop, environment.fleet == nil, let token = state.token,
            token.isAlive(at: now)
        else { return }
        state.dropEnded()
        save()
        publish()
        _ = await logout(rule, token.value, kept: token.kept, refreshToken: memory.refreshTokens.first)
    }

    /// Remembers a token that another one has just replaced, if its session is to be ended.
    func noteReplaced(_ old: Token?) {
        guard let old, let wait = configuration.provider.logout?.afterReplacement, old.isAlive(at: now),
            state.token.map({ !$0.value.matches(old.value) }) ?? false
        else { return }
        // More than a few at a time mean that logouts fail.
        memory.replaced = memory.replaced.suffix(3) + [ReplacedSession(old, due: environment.clocks.wall + wait)]
        endReplaced()
    }

    /// Ends replaced sessions as they come due, one after the other.
    func endReplaced() {
        guard replacedTask == nil, let next = memory.replaced.first, let rule = configuration.provider.logout else { return }
        let wait = max(.zero, min(next.due - environment.clocks.wall, .seconds(86_400)))
        replacedTask = Task { [weak self, clocks = environment.clocks] in
            guard (try? await clocks.sleep(until: clocks.boot + wait)) != nil else { return }
            await self?.endReplaced(next, rule)
        }
    }

    private func endReplaced(_ session: ReplacedSession, _ rule: LogoutRule) async {
        _ = await logout(rule, session.value, kept: session.kept)
        memory.replaced.removeAll { $0.value.matches(session.value) }
        replacedTask = nil
        guard !isStopped else { return }
        save()
        endReplaced()
    }
}
