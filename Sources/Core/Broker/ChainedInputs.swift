import Login
import Tokens

/// Supplies the token inputs of chained logins from the broker's own keepers.
struct ChainedInputs: TokenInputs {
    /// Weak: the broker holds its performer, which holds this.
    private weak let broker: TokenBroker?

    init(_ broker: TokenBroker) {
        self.broker = broker
    }

    /// A chained login waits this long for its input's login.
    private static let wait = Duration.seconds(15)

    func token(for name: String) async throws(LoginFailure) -> Token {
        do throws(TokenRefusal) {
            guard let keeper = try await broker?.keeper(name, perRequest: [:]) else { throw TokenRefusal(.stopping) }
            return try await keeper.token(wait: Self.wait)
        } catch {
            throw Self.waiting(for: name, error)
        }
    }

    func replacement(for name: String, refused: Token) async -> Token? {
        guard let keeper = try? await broker?.keeper(name, perRequest: [:]) else { return nil }
        let outcome = await keeper.report(fingerprint: refused.fingerprint, status: 401, from: "chained logins")
        guard outcome != .ignored else { return nil }
        let token = try? await keeper.token(otherThan: [refused.fingerprint], wait: Self.wait)
        return token?.fingerprint == refused.fingerprint ? nil : token
    }

    private static func waiting(for name: String, _ refusal: TokenRefusal) -> LoginFailure {
        var inner = FailureClass.transient
        var why = "no token yet"
        if case .failing(let failure, let isLatched) = refusal.reason {
            inner = failure.waitingFor ?? failure.failureClass
            why = isLatched ? "\(inner.trouble), latched" : inner.trouble
        }
        var failure = LoginFailure(.waiting, "waiting for \(name) (\(why))")
        failure.waitingFor = inner
        failure.retryAfter = min(max(refusal.retryAfter ?? .seconds(30), .milliseconds(200)), .seconds(30))
        return failure
    }
}
