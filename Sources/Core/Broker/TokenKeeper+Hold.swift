import Configuration
import Login
import OutboundHTTP
import Providers
import Secrets
import Synchronization
import Time
package import Tokens

/// Orders of an operator that hold an entry's logins.
extension TokenKeeper {
    /// What became of a session at the partner.
    package enum Logout: Sendable, Equatable {
        case done
        /// The definition has no `logout`, or there was no token.
        case nothing
        case failed(LoginFailure)
    }

    /// Makes no more logins; the token in hand is served as long as it lives.
    package func pause() -> TokenStatus {
        state.pause()
        endLogin()
        environment.events.record(.held(token: configuration.name, hold: state.hold))
        return status()
    }

    /// Takes `pause` or `revoke` back: a login is made when one is due.
    package func resume() -> TokenStatus {
        if state.resume(at: now) {
            noteRequired()
            save()
            publish()
            environment.events.record(.held(token: configuration.name, hold: nil))
            poke()
        }
        return status()
    }

    /// Gives up the token in hand and every refresh token, makes the provider's `logout` with it, and makes no more logins.
    package func revoke() async -> (TokenStatus, Logout) {
        let (token, refreshToken) = (state.token, memory.refreshTokens.first)
        state.revoke()
        memory.refreshTokens = []
        endLogin()
        environment.events.record(.held(token: configuration.name, hold: state.hold))
        guard let token, let logout = configuration.provider.logout else { return (status(), .nothing) }
        let failure = await self.logout(logout, token.value, kept: token.kept, refreshToken: refreshToken)
        return (status(), failure.map { .failed($0) } ?? .done)
    }

    /// Whether readiness waits for the token: not while an operator holds it.
    func noteRequired() { cell.isRequired.store(configuration.isRequired && state.hold == nil, ordering: .relaxed) }

    /// Drops the login in flight, saves what is held, and tells those who wait.
    private func endLogin() {
        generation += 1
        cancelLogin()
        noteRequired()
        save()
        publish()
        settleWaiters()
    }
}
