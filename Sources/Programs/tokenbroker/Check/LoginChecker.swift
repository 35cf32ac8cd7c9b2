import BrokerDaemon
import Configuration
import Diagnosis
import JSON
import Login
import OutboundHTTP
import Providers
import Secrets
import Synchronization
import Time
import Tokens

/// Checks the secrets and logins of each token as the daemon would use them, without a daemon.
struct LoginChecker {
    struct Result {
        var token: String
        var isGood: Bool
        var isTried = true
        var lines: [String]

        var text: String { (["\(isGood ? isTried ? "ok   " : "-    " : "wrong") \(token)"] + lines.map { "      \($0)" }).joined(separator: "\n") }
        var json: JSONValue {
            .object(["token": .string(token), "ok": .bool(isGood), "tried": .bool(isTried), "lines": .array(lines.map { .string($0) })])
        }
    }

    private let configuration: BrokerConfiguration
    private let clocks = SystemClocks()
    private let secrets: CheckedSecrets
    /// Where a key of the configuration stands.
    private let place: @Sendable ([String]) -> String

    init(_ configuration: BrokerConfiguration, secrets: CheckedSecrets, place: @escaping @Sendable ([String]) -> String) {
        self.configuration = configuration
        self.secrets = secrets
        self.place = place
    }

    /// Checks that every secret can be read and may be used where it goes.
    func checkSecrets() async -> [Result] {
        var results: [Result] = []
        let performer = LoginPerformer(
            clocks: clocks, transport: CurlTransport(clocks: clocks, userAgent: "tokenbroker/\(Version.current)"), secrets: secrets,
            gate: LoginGate(bounds: configuration.logins, clocks: clocks), inputs: CheckedInputs(configuration: configuration))
        for token in configuration.tokens {
            var (lines, notes): ([String], [String]) = ([], [])
            for (name, binding) in token.inputs.sorted(by: { $0.key < $1.key }) {
                guard case .secret(let references) = binding else { continue }
                for reference in references {
                    if secrets.isSealed(reference) {
                        notes.append("\(name): \(reference.place) is encrypted for the service only: not checked")
                        continue
                    }
                    do throws(SecretFault) {
                        _ = try await secrets.read(reference)
                    } catch {
                        lines.append("\(place(["tokens", token.name, "inputs", name])): \(name): \(error)")
                    }
                }
            }
            lines += await tlsProblems(of: token).map { "\(place(["tokens", token.name, "tls"])): \($0)" }
            if lines.isEmpty, let problem = await performer.valueProblem(token) { lines.append("\(place(["tokens", token.name])): \(problem)") }
            lines += SinkCheck.problems(of: token).map { "\(place(["tokens", token.name, "sinks"])): \($0)" }
            results.append(Result(token: token.name, isGood: lines.isEmpty, lines: lines + notes))
        }
        return results
    }

    /// What is wrong with an entry's certificates and key: the files, and whether the passphrase opens the key.
    private func tlsProblems(of token: TokenConfiguration) async -> [String] {
        var problems = token.connection.fileProblems
        var passphrase: [UInt8]?
        if let reference = token.keyPassphrase {
            do throws(SecretFault) {
                passphrase = try await secrets.read(reference).exposedBytes
            } catch {
                problems.append("tls.passphrase: \(error)")
            }
        }
        if problems.isEmpty, let certificate = token.connection.certificate, let key = token.connection.key {
            problems += ClientKey.problem(key: key, certificate: certificate, passphrase: passphrase).map { [$0] } ?? []
        }
        return problems
    }

    /// Logs in once for each token; token inputs come from earlier logins.
    ///
    /// - Parameters:
    ///   - exhausted: tokens for which the running daemon has no login left this hour.
    ///   - mayEndSession: asked before the login of an exclusive entry.
    func checkLogins(exhausted: Set<String>, mayEndSession: (TokenConfiguration) -> Bool) async -> [Result] {
        let transport = RecordingTransport(CurlTransport(clocks: clocks, userAgent: "tokenbroker/\(Version.current)"))
        let inputs = CheckedInputs(configuration: configuration)
        let performer = LoginPerformer(
            clocks: clocks, transport: transport, secrets: secrets, gate: LoginGate(bounds: configuration.logins, clocks: clocks), inputs: inputs)
        inputs.performer.withLock { $0 = performer }
        var results: [Result] = []
        for token in configuration.tokens {
            if let reason = reasonNotToTry(token, exhausted, mayEndSession) {
                results.append(Result(token: token.name, isGood: true, isTried: false, lines: ["not tried: \(reason)"]))
                continue
            }
            transport.clear()
            do throws(LoginFailure) {
                let draft = try await inputs.login(token)
                let life = draft.expiry.lifetime.map { "its lifetime is \(DurationSyntax.words($0))" } ?? "it does not expire"
                let verified = await verify(token, draft, performer)
                let ended = await endSession(token, draft, performer)
                results.append(
                    Result(
                        token: token.name, isGood: verified.isGood, lines: transport.lines + ["received a token; \(life)"] + verified.lines + ended))
            } catch {
                let message = (error.partnerMessage.map { "; the partner says: \($0)" } ?? "") + Self.otherWays(token, error)
                results.append(
                    Result(token: token.name, isGood: false, lines: transport.lines + ["\(error.failureClass.rawValue): \(error.reason)\(message)"]))
            }
        }
        return results
    }

    /// Servers differ in how they take a client's credentials (RFC 6749 §2.3.1).
    private static func otherWays(_ token: TokenConfiguration, _ failure: LoginFailure) -> String {
        let ways = ["oauth2-client-credentials", "oauth2-client-credentials-basic-raw", "oauth2-client-credentials-body"]
        guard failure.oauth2Error == "invalid_client", ways.contains(token.provider.name) else { return "" }
        let others = ways.filter { $0 != token.provider.name }.joined(separator: " or ")
        return "; if the credentials are right, the server wants them another way: try provider: \(others)"
    }

    /// Why a login from here would fail or cost the daemon something; nil where it may be tried.
    private func reasonNotToTry(
        _ token: TokenConfiguration, _ exhausted: Set<String>, _ mayEndSession: (TokenConfiguration) -> Bool
    ) -> String? {
        if !token.perRequest.isEmpty { return "it depends on each request's \(token.perRequest.map(\.name).joined(separator: ", "))" }
        if token.provider.refreshRequest != nil {
            return "a login could end the refresh token that the daemon holds; tokenbroker refresh \(token.name) tries it there"
        }
        if exhausted.contains(token.name) {
            return "the running daemon has no login left this hour; tokenbroker status \(token.name) says when it has"
        }
        if let entry = exclusiveEntry(of: token), !mayEndSession(entry) {
            return "\(entry.name) is exclusive, and a login ends the daemon's session; --exclusive tries it all the same"
        }
        return nil
    }

    /// The entry itself or one that it takes its inputs from, if that is exclusive.
    private func exclusiveEntry(of token: TokenConfiguration) -> TokenConfiguration? {
        token.isExclusive ? token : token.tokenInputs.lazy.compactMap { configuration.token($0).flatMap(exclusiveEntry) }.first
    }

    /// Ends the session that the check itself began, where the definition can.
    private func endSession(_ token: TokenConfiguration, _ draft: TokenDraft, _ performer: LoginPerformer) async -> [String] {
        guard let rule = token.provider.logout else { return [] }
        let failure = await performer.logout(rule.request, SessionValues(token: draft.value, others: draft.kept), of: token, perRequest: [:])
        return [failure.map { "its session could not be ended: \($0.reason)" } ?? "its session was ended by logout"]
    }

    private func verify(_ token: TokenConfiguration, _ draft: TokenDraft, _ performer: LoginPerformer) async -> (isGood: Bool, lines: [String]) {
        guard token.provider.verify != nil else { return (true, []) }
        return switch await performer.verify(SessionValues(token: draft.value, others: draft.kept), of: token, perRequest: [:]) {
        case .accepted: (true, ["the partner accepts it"])
        case .refused: (false, ["the partner does not accept it"])
        case .undecided(let reason): (false, ["it could not be verified: \(reason)"])
        }
    }
}
