package import Configuration
package import OutboundHTTP
package import Providers
package import Secrets
package import Time
package import Tokens

/// Performs a complete login: secrets, token inputs, a slot, the requests, the answer.
package struct LoginPerformer: Sendable {
    package let clocks: any Clocks
    package let transport: any HTTPTransport
    package let secrets: any SecretSource
    package let gate: LoginGate
    package let inputs: any TokenInputs
    private let trust = InputTrust()
    private let codes = SpentCodes()
    private let clockFaults = ClockFaults()
    private let issuers: IssuerMetadata

    package init(clocks: any Clocks, transport: any HTTPTransport, secrets: any SecretSource, gate: LoginGate, inputs: any TokenInputs) {
        self.clocks = clocks
        self.transport = transport
        self.secrets = secrets
        self.gate = gate
        self.inputs = inputs
        issuers = IssuerMetadata(clocks: clocks, transport: transport)
    }

    /// The circumstances of a login, beside its inputs.
    package struct Circumstances: Sendable {
        /// An operator asked for it: the partner's pause for the account is over.
        package var overridesPause: Bool
        /// No token lives: the login has its turn before those of the same host whose tokens live.
        package var isUrgent: Bool
        /// No token lives, and the refresh failed twice for a passing reason: a third such failure is followed by a login.
        package var isDesperate: Bool
        /// The refresh failed the last time, and the login after it had to wait for the account's limit.
        package var prefersLogin: Bool
        /// The living token in hand, which the schedule may prolong.
        package var held: Token?

        package init(
            overridesPause: Bool = false, isUrgent: Bool = false, isDesperate: Bool = false, prefersLogin: Bool = false, held: Token? = nil
        ) {
            self.overridesPause = overridesPause
            self.isUrgent = isUrgent
            self.isDesperate = isDesperate
            self.prefersLogin = prefersLogin
            self.held = held
        }
    }

    /// Logs in with the refresh tokens held, newest first, and then without one; tries the next variant of the inputs while the
    /// partner rejects them.
    ///
    /// - Parameters:
    ///   - digest: of the inputs that worked last; they are tried first.
    ///   - refreshTokens: from the login with those inputs; the partner accepts them with no others.
    ///   - values: kept from the token in hand, for a refresh whose answer does not repeat them.
    ///   - circumstances: an operator's wish, and how long logins have failed.
    package func login(
        _ token: TokenConfiguration, inputs own: OwnInputs, perRequest: [String: String] = [:], last digest: [UInt8]? = nil,
        refreshTokens: [Secret] = [], values: [String: String] = [:], circumstances: Circumstances = Circumstances()
    ) async -> LoginReport {
        var report = LoginReport(outcome: .failure(LoginFailure(.local, "there are no inputs to log in with")), refreshTokens: refreshTokens)
        for variant in own.variants(first: digest) {
            report.inputDigest = variant.digest
            var held = HeldGrant(
                refreshTokens: variant.digest == digest ? refreshTokens : [], values: values, prefersLogin: circumstances.prefersLogin)
            do throws(LoginFailure) {
                report.outcome = .success(try await login(token, variant, own.passphrase, perRequest, circumstances, &held))
                report.refreshTokens = held.refreshTokens
                report.refreshFailure = held.refreshFailure
                break
            } catch {
                report.outcome = .failure(error)
                report.prefersLogin = held.prefersLogin
                report.refreshFailure = held.refreshFailure
                if variant.digest == digest { report.refreshTokens = held.refreshTokens }
                guard error.failureClass == .rejected else { return report }
            }
        }
        return report
    }

    private func login(
        _ token: TokenConfiguration, _ variant: OwnInputs.Variant, _ passphrase: [UInt8]?, _ perRequest: [String: String],
        _ circumstances: Circumstances, _ held: inout HeldGrant
    ) async throws(LoginFailure) -> TokenDraft {
        var values = variant.values.given(perRequest, for: token)
        let account = Self.account(token, values)
        if circumstances.overridesPause { await gate.endPause(account: account) }
        values = try await completed(values, of: token)
        var tokens = try await tokenInputs(token, into: &values)
        // One combination of per-request inputs is an entry of its own.
        let entry = Array(([token.name] + perRequest.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(separator: "\0").utf8)
        let before = held
        var context = Context(token: token, values: values, passphrase: passphrase, account: account, entry: entry, circumstances: circumstances)
        let draft: TokenDraft
        do throws(LoginFailure) {
            draft = try await attempt(context, &held)
        } catch {
            // Attribute the first rejection in a chain to the input token and not to the refresh tokens sent with it.
            guard error.mayBlameInput, try await replaceSuspects(token, entry, &tokens, into: &context.values) else { throw error }
            held = before.keeping(held)
            draft = try await attempt(context, &held)
        }
        trust.worked(tokens.values, for: entry, at: clocks.boot)
        return draft
    }

    /// Sends a `verify` or action request, exactly once.
    package func request(_ template: RequestTemplate, _ session: SessionValues, of token: TokenConfiguration, perRequest: [String: String])
        async throws(LoginFailure) -> PartnerReply
    {
        let own = try await ownInputs(token)
        var values = own.variants[0].values.given(perRequest, for: token)
        values = try await completed(values, of: token)
        _ = try await tokenInputs(token, into: &values)
        return try await send(try rendered(template, of: token, session, &values), own.passphrase)
    }

    /// A request of a session, and the values that it was made of.
    private func rendered(
        _ template: RequestTemplate, of token: TokenConfiguration, _ session: SessionValues, _ values: inout ValueScope
    ) throws(LoginFailure) -> OutboundRequest {
        session.add(to: &values)
        var derivation = ValueDerivation(token.provider.values, environment)
        try derivation.derive(into: &values) { _ in false }
        return try RequestRendering.request(template, of: token.provider, values: values, connection: token.connection)
    }

    /// What the partner says about a token.
    package enum Verdict: Sendable, Equatable {
        case accepted
        case refused
        case undecided(String)
    }

    /// Sends the provider's `verify` request and reads its answer by the definition's own tests.
    ///
    package func verify(_ session: SessionValues, of configuration: TokenConfiguration, perRequest: [String: String]) async -> Verdict {
        let provider = configuration.provider
        guard let verify = provider.verify else { return .undecided("the provider has no verify request") }
        do throws(LoginFailure) {
            let reply = try await request(verify, session, of: configuration, perRequest: perRequest)
            let redactor = Redactor(definition: provider, values: ValueScope())
            let reader = ReplyReader(reply)
            let failure = reader.failure(success: verify.success, errors: provider.errors, redactor: redactor)
            // An OAuth2 error counts at any status.
            guard let failure = failure ?? reader.failure(withoutToken: provider.errors, redactor: redactor) else { return .accepted }
            return failure.failureClass == .rejected ? .refused : .undecided(failure.reason)
        } catch {
            return .undecided(error.reason)
        }
    }

    /// Sends the provider's `logout` request; nil where the partner has taken it: a 2xx that no test of the definition calls a failure.
    package func logout(
        _ template: RequestTemplate, _ session: SessionValues, of configuration: TokenConfiguration, perRequest: [String: String]
    ) async -> LoginFailure? {
        do throws(LoginFailure) {
            let reply = try await request(template, session, of: configuration, perRequest: perRequest)
            let redactor = Redactor(definition: configuration.provider, values: ValueScope())
            return ReplyReader(reply).failure(success: template.success, errors: configuration.provider.errors, redactor: redactor)
        } catch {
            return error
        }
    }

    // MARK: Values

    /// The values with the endpoints that an issuer publishes.
    func completed(_ values: ValueScope, of token: TokenConfiguration) async throws(LoginFailure) -> ValueScope {
        try await issuers.complete(values, of: token)
    }

    private var environment: ValueEnvironment {
        ValueEnvironment(wall: { [clocks] in clocks.wall }, spend: { [codes] in codes.spend($0, $1) })
    }

    private func tokenInputs(_ token: TokenConfiguration, into values: inout ValueScope) async throws(LoginFailure) -> [String: Token] {
        var held: [String: Token] = [:]
        for input in token.provider.inputs where input.isToken {
            guard case .token(let name) = token.inputs[input.name] else { continue }
            let value = try await inputs.token(for: name)
            held[input.name] = value
            values[input.name] = value.value.exposedBytes
        }
        return held
    }

    /// Requests a replacement for each input token that may be the cause: one old enough, with which no other entry logged in lately.
    ///
    /// - Returns: whether at least one came.
    private func replaceSuspects(_ token: TokenConfiguration, _ entry: [UInt8], _ held: inout [String: Token], into values: inout ValueScope)
        async throws(LoginFailure)
        -> Bool
    {
        var isReplaced = false
        for (input, old) in held where trust.isSuspect(old, for: entry, at: clocks.boot) {
            guard case .token(let name) = token.inputs[input], let new = await inputs.replacement(for: name, refused: old) else { continue }
            held[input] = new
            values[input] = new.value.exposedBytes
            isReplaced = true
        }
        return isReplaced
    }

    // MARK: Requests

    /// A login's circumstances and values, for all of its requests.
    private struct Context {
        let token: TokenConfiguration
        var values: ValueScope
        let passphrase: [UInt8]?
        let account: String
        /// One combination of per-request inputs is an entry of its own.
        let entry: [UInt8]
        let circumstances: Circumstances
    }

    /// Logs in with a refresh token if one is held and accepted (RFC 6749 §6), else without one.
    ///
    /// A refresh that fails for a reason that does not pass is followed by the login. The refresh token itself is dropped only if the
    /// partner rejected the grant, or the login brought another: the page of a captive portal costs nothing.
    private func attempt(_ context: Context, _ held: inout HeldGrant) async throws(LoginFailure) -> TokenDraft {
        if let rule = context.token.provider.prolongation, let token = context.circumstances.held {
            do throws(LoginFailure) {
                return try await prolong(token, rule, context)
            } catch {
                // The session is over: a login follows. Any other failure goes by its class.
                guard error.failureClass == .rejected else { throw error }
            }
        }
        var hasRefreshed = false
        if context.token.provider.refreshRequest != nil, !held.prefersLogin {
            for candidate in held.refreshTokens {
                do throws(LoginFailure) {
                    return try await perform(context, with: candidate, &held)
                } catch {
                    if error.rejectsGrant { held.refreshTokens.removeAll { $0.matches(candidate) } }
                    hasRefreshed = true
                    held.refreshFailure = error
                    // Never within a pause that the partner asked for: then the next attempt goes straight to the login.
                    let isPaused = error.retryAfter ?? .zero > .zero
                    let isDesperate = context.circumstances.isDesperate && (error.failureClass.startsOver || isPaused)
                    held.prefersLogin = error.failureClass.isPassing && isDesperate && isPaused
                    guard !error.failureClass.isPassing || isDesperate && !isPaused else { throw error }
                    // A partner that notices reuse revokes the whole family: an older refresh token is tried only after a rejection.
                    if !error.rejectsGrant { break }
                }
            }
        }
        if let person = context.token.provider.person, person.unless.map({ context.values[$0] == nil }) ?? true {
            let why = held.refreshFailure.map { "the refresh token counts no more (\($0.reason)), and " } ?? ""
            var failure = LoginFailure(.local, "\(why)only a person can log in here: run `tokenbroker login \(context.token.name)`")
            (failure.waitsForPerson, failure.status) = (true, held.refreshFailure?.status)
            failure.partnerMessage = held.refreshFailure?.partnerMessage
            throw failure
        }
        do throws(LoginFailure) {
            return try await perform(context, with: nil, &held)
        } catch {
            // Each attempt would use up a tight limit with the refresh, and never come to the login.
            held.prefersLogin = (hasRefreshed || held.prefersLogin) && error.failureClass == .waiting
            throw error
        }
    }

    /// Sends the requests of a login, or of a refresh with this refresh token, and keeps the refresh token that the answer brings, even if
    /// it brings no usable token.
    ///
    /// If the answer's `Age` leaves its token no life, it is asked for once more; the answer to that may be as old.
    private func perform(_ context: Context, with grant: Secret?, _ held: inout HeldGrant, isSecond: Bool = false) async throws(LoginFailure)
        -> TokenDraft
    {
        let token = context.token
        var values = context.values
        if let grant { values["refresh_token"] = grant.exposedBytes }
        var run = LoginRun(
            token.provider, values: values, environment: environment, expires: token.expires, connection: token.connection,
            requests: grant == nil ? nil : token.provider.refreshRequest.map { [$0] }, held: held.values, toleratesAge: isSecond)
        let result = await send(&run, context)
        held.note(run.refreshToken, by: grant, hasWorked: (try? result.get()) != nil)
        let draft = try result.get()
        guard draft.expiry.isAged, !isSecond else { return draft }
        return try await perform(context, with: grant.map { run.refreshToken ?? $0 }, &held, isSecond: true)
    }

    /// Sends the request that keeps a session alive; it counts towards the account's limits as a login does.
    private func prolong(_ token: Token, _ rule: ProlongationRule, _ context: Context) async throws(LoginFailure) -> TokenDraft {
        var values = context.values
        let request = try rendered(rule.request, of: context.token, SessionValues(token: token.value, others: token.kept), &values)
        let host = BaseURL.host(request.url)
        try await gate.enter(account: context.account, entry: context.entry, host: host, limit: context.token.effectiveLimit)
        let reply: PartnerReply
        do throws(LoginFailure) {
            reply = try await send(request, context.passphrase)
        } catch {
            await gate.leave(host: host, hasAnswered: false)
            throw error
        }
        await gate.leave(host: host)
        return try LoginRun.prolonged(token, by: reply, rule, of: context.token, values)
    }

    private func send(_ run: inout LoginRun, _ context: Context) async -> Result<TokenDraft, LoginFailure> {
        let (account, token) = (context.account, context.token)
        let host: String
        do throws(LoginFailure) {
            if let failure = clockFaults.standing(account, clocks) { throw failure }
            if run.isMadeHere { return .success(try run.makeToken(at: clocks.boot, wall: clocks.wall)) }
            host = try run.host()
            try await gate.enter(
                account: account, entry: context.entry, host: host, limit: token.effectiveLimit, isUrgent: context.circumstances.isUrgent)
        } catch {
            return .failure(error)
        }
        let result = await steps(&run, context.passphrase)
        guard case .failure(var failure) = result else {
            await gate.leave(host: host)
            return result
        }
        await gate.leave(host: host, hasAnswered: failure.status != nil || !failure.failureClass.startsOver)
        if failure.waitsForClock { clockFaults.note(failure, of: account, clocks) }
        if failure.pausesAccount, let pause = failure.retryAfter {
            await gate.pause(account: account, for: pause)
            failure.pausedAccount = account
        }
        return .failure(failure)
    }

    private func steps(_ run: inout LoginRun, _ passphrase: [UInt8]?) async -> Result<TokenDraft, LoginFailure> {
        do throws(LoginFailure) {
            while true {
                let reply = try await send(try run.request(), passphrase)
                if case .token(let draft) = try run.receive(reply) { return .success(draft) }
            }
        } catch {
            return .failure(error)
        }
    }

    private func send(_ request: OutboundRequest, _ passphrase: [UInt8]?) async throws(LoginFailure) -> PartnerReply {
        var request = request
        request.passphrase = passphrase
        do throws(TransportFault) {
            return try await transport.send(request)
        } catch {
            throw LoginFailure(error)
        }
    }

    /// Identifies the account: to the partner, entries with the same base URL and the same secrets are one account.
    private static func account(_ token: TokenConfiguration, _ values: ValueScope) -> String {
        let shared = token.provider.inputs.filter { $0.isSecret || $0.kind == .url }
        return Digest.hex(Digest.sha256(shared.flatMap { Array($0.name.utf8) + [0] + (values[$0.name] ?? []) + [0] }))
    }
}

extension LoginFailure {
    /// The only conversion from a transport fault to a login failure.
    init(_ fault: TransportFault) {
        let failureClass: FailureClass =
            switch fault.kind {
            case .unreachable: .transient
            case .timedOut: .timedOut
            case .untrusted: .certificate
            case .unreadable: .badReply
            case .unusable: .local
            }
        self.init(failureClass, fault.reason, status: fault.status)
    }
}
