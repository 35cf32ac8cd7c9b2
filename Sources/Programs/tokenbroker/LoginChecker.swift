import BrokerDaemon
import Configuration
import HTTPTypes
import JSON
import Login
import OutboundHTTP
import Providers
import Secrets
import Synchronization
import Time
import Tokens

/// Tries what the daemon would do with each token, without a daemon.
struct LoginChecker {
    struct Result {
        var token: String
        var isGood: Bool
        var lines: [String]

        var text: String { (["\(isGood ? "ok   " : "wrong") \(token)"] + lines.map { "      \($0)" }).joined(separator: "\n") }
        var json: JSONValue { .object(["token": .string(token), "ok": .bool(isGood), "lines": .array(lines.map { .string($0) })]) }
    }

    private let configuration: BrokerConfiguration
    private let clocks = SystemClocks()
    private let secrets = SystemSecretSource(environment: ProcessEnvironment.all)

    init(_ configuration: BrokerConfiguration) {
        self.configuration = configuration
    }

    /// Whether every secret can be read and may be used where it goes.
    func checkSecrets() async -> [Result] {
        var results: [Result] = []
        for token in configuration.tokens {
            var (lines, notes): ([String], [String]) = ([], [])
            for (name, binding) in token.inputs.sorted(by: { $0.key < $1.key }) {
                guard case .secret(let references) = binding else { continue }
                for reference in references {
                    if case .credential(let credential) = reference, Credentials(environment: ProcessEnvironment.all).isSealed(credential) {
                        notes.append("\(name): \(reference.place) is encrypted, for the service alone: not looked at")
                        continue
                    }
                    do throws(SecretFault) {
                        _ = try await secrets.read(reference)
                    } catch {
                        lines.append("\(name): \(error)")
                    }
                }
            }
            results.append(Result(token: token.name, isGood: lines.isEmpty, lines: lines + notes))
        }
        return results
    }

    /// Logs in to each partner once; token inputs come from the logins before.
    func checkLogins() async -> [Result] {
        let transport = RecordingTransport(CurlTransport(clocks: clocks, userAgent: "tokenbroker/\(Version.current)"))
        let inputs = CheckedInputs(configuration: configuration)
        let performer = LoginPerformer(
            clocks: clocks, transport: transport, secrets: secrets, gate: LoginGate(bounds: configuration.logins, clocks: clocks), inputs: inputs)
        inputs.performer.withLock { $0 = performer }
        var results: [Result] = []
        for token in configuration.tokens where token.perRequest.isEmpty {
            guard token.provider.refreshRequest == nil else {
                let reason = "not tried: what it logs in with may be good for one login, and is the daemon's"
                results.append(Result(token: token.name, isGood: true, lines: [reason]))
                continue
            }
            transport.clear()
            do throws(LoginFailure) {
                let draft = try await inputs.login(token)
                let life = draft.expiry.lifetime.map { "lives \(DurationSyntax.words($0))" } ?? "has no end"
                let verified = await verify(token, draft, performer)
                results.append(
                    Result(token: token.name, isGood: verified.isGood, lines: transport.lines + ["a token came; it \(life)"] + verified.lines))
            } catch {
                let said = error.partnerMessage.map { "; the partner says: \($0)" } ?? ""
                results.append(
                    Result(token: token.name, isGood: false, lines: transport.lines + ["\(error.failureClass.rawValue): \(error.reason)\(said)"]))
            }
        }
        return results
    }

    private func verify(_ token: TokenConfiguration, _ draft: TokenDraft, _ performer: LoginPerformer) async -> (isGood: Bool, lines: [String]) {
        guard let verify = token.provider.verify else { return (true, []) }
        do throws(LoginFailure) {
            let reply = try await performer.request(verify, of: token, perRequest: [:], extra: ["token": draft.value.exposedBytes])
            let isGood = verify.success.statuses.contains { $0.matches(reply.status) }
            return (isGood, [isGood ? "the partner accepts it" : "the partner does not accept it (status \(reply.status))"])
        } catch {
            return (false, ["it could not be verified: \(error.reason)"])
        }
    }
}

/// Token inputs of a check: logged in to once each.
private final class CheckedInputs: TokenInputs {
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

/// Notes each exchange in a line that holds nothing secret: method, URL without its query's values, status.
private final class RecordingTransport: HTTPTransport {
    private let inner: any HTTPTransport
    private let noted = Mutex<[String]>([])

    init(_ inner: any HTTPTransport) {
        self.inner = inner
    }

    var lines: [String] { noted.withLock { $0 } }

    func clear() {
        noted.withLock { $0 = [] }
    }

    func send(_ request: OutboundRequest) async throws(TransportFault) -> PartnerReply {
        let url = request.url.split(separator: "?", maxSplits: 1)
        let query = url.count > 1 ? "?" + url[1].split(separator: "&").map { "\($0.prefix { $0 != "=" })=…" }.joined(separator: "&") : ""
        let fields = request.fields.map(\.name.rawName).joined(separator: ", ")
        noted.withLock { $0.append("\(request.method.rawValue) \(url[0])\(query) with \(fields)") }
        let reply = try await inner.send(request)
        let type = reply.fields[.contentType] ?? "no content type"
        noted.withLock { $0.append("answered \(reply.status), \(reply.body.count) bytes of \(type)") }
        return reply
    }
}
