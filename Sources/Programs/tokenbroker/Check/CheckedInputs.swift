import Configuration
import Login
import Synchronization
import Tokens

/// The token inputs of a check; logs in once for each token.
final class CheckedInputs: TokenInputs {
    let performer = Mutex<LoginPerformer?>(nil)
    private let drafts = Mutex<[String: TokenDraft]>([:])
    private let configuration: BrokerConfiguration

    init(configuration: BrokerConfiguration) {
        self.configuration = configuration
    }

    func login(_ token: TokenConfiguration) async throws(LoginFailure) -> TokenDraft {
        if let known = drafts.withLock({ $0[token.name] }) { return known }
        guard let performer = performer.withLock({ $0 }) else { throw LoginFailure(.local, "nothing to log in with") }
        let draft = try await performer.login(token, inputs: try await performer.ownInputs(token)).outcome.get()
        drafts.withLock { $0[token.name] = draft }
        return draft
    }

    func token(for name: String) async throws(LoginFailure) -> Token {
        guard let configured = configuration.token(name) else { throw LoginFailure(.local, "there is no token \(name)") }
        let draft = try await login(configured)
        return Token(draft, fingerprint: "")
    }

    func replacement(for name: String, refused: Token) async -> Token? { nil }
}
