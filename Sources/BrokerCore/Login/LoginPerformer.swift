/// The tokens of other entries, for logins that need one.
package protocol TokenInputs: Sendable {
    /// - Throws: a `waiting` failure naming the entry, when it has no usable token.
    func token(for name: String) async throws(LoginFailure) -> Token
    /// The partner refused this token in a login; the one that replaced it, or nil where none came.
    func replacement(for name: String, refused: Token) async -> Token?
}

/// An entry's inputs as they were read, without token inputs and what callers give.
package struct OwnInputs: Sendable {
    let values: ValueScope
    /// Of everything in them, secrets included: another one means another login.
    package let digest: [UInt8]
}

extension ValueScope {
    /// With what a caller gave in place of defaults; what the configuration says stays.
    fileprivate func given(_ perRequest: [String: String], for token: TokenConfiguration) -> ValueScope {
        var values = self
        for input in token.provider.inputs where !input.isToken && token.inputs[input.name] == nil {
            if let value = perRequest[input.name] { values[input.name] = Array(value.utf8) }
        }
        return values
    }
}

/// Makes one whole login: secrets, token inputs, a slot, the requests, the answer.
package struct LoginPerformer: Sendable {
    package let clocks: any Clocks
    package let transport: any HTTPTransport
    package let secrets: any SecretSource
    package let gate: LoginGate
    package let inputs: any TokenInputs

    package init(clocks: any Clocks, transport: any HTTPTransport, secrets: any SecretSource, gate: LoginGate, inputs: any TokenInputs) {
        self.clocks = clocks
        self.transport = transport
        self.secrets = secrets
        self.gate = gate
        self.inputs = inputs
    }

    /// A token input younger than this is not blamed for a refusal.
    private static let suspectAge = Duration.seconds(60)

    /// Reads an entry's inputs anew, secrets included: once a login.
    package func ownInputs(_ token: TokenConfiguration) async throws(LoginFailure) -> OwnInputs {
        let values = try await ownValues(token)
        return OwnInputs(values: values, digest: Digest.sha256(values.names.flatMap { Array($0.utf8) + [0] + (values[$0] ?? []) + [0] }))
    }

    package func login(_ token: TokenConfiguration, inputs own: OwnInputs, perRequest: [String: String]) async throws(LoginFailure) -> TokenDraft {
        var values = own.values.given(perRequest, for: token)
        let account = Self.account(token, values)
        var held = try await tokenInputs(token, into: &values)
        do throws(LoginFailure) {
            return try await attempt(token, values: values, account: account)
        } catch {
            // A 401 in a chain is first taken as a refusal of the input token, once.
            guard error.status == 401, try await replaceSuspects(token, &held, into: &values) else { throw error }
            return try await attempt(token, values: values, account: account)
        }
    }

    /// A request beside the login: `verify` or an action; made once, never repeated by itself.
    package func request(_ template: RequestTemplate, of token: TokenConfiguration, perRequest: [String: String], extra: [String: [UInt8]])
        async throws(LoginFailure)
        -> PartnerReply
    {
        var values = try await ownValues(token).given(perRequest, for: token)
        _ = try await tokenInputs(token, into: &values)
        for (name, value) in extra { values[name] = value }
        return try await transport.send(try RequestRendering.request(template, values: values, connection: token.connection))
    }

    // MARK: Values

    /// Every input but token inputs: defaults, and what the configuration says.
    private func ownValues(_ token: TokenConfiguration) async throws(LoginFailure) -> ValueScope {
        var values = ValueScope()
        for input in token.provider.inputs where !input.isToken {
            let value: [UInt8]?
            switch token.inputs[input.name] {
            case .text(let text): value = Array(text.utf8)
            case .secret(let reference): value = try await secret(reference, for: input)
            case .token, nil: value = input.defaultValue.map { Array($0.utf8) }
            }
            if let value { values[input.name] = value }
        }
        return values
    }

    private func secret(_ reference: SecretReference, for input: InputDefinition) async throws(LoginFailure) -> [UInt8] {
        let secret: Secret
        do throws(SecretFault) {
            secret = try await secrets.read(reference)
        } catch {
            throw LoginFailure(.local, "\(input.name): \(error)")
        }
        if input.kind == .url || input.pattern != nil, let problem = InputRule.problem(with: secret.exposedText, for: input) {
            throw LoginFailure(.local, "\(reference.place): \(problem)")
        }
        return secret.exposedBytes
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

    /// Asks for another token in place of each that is old enough to be blamed; true where at least one came.
    private func replaceSuspects(_ token: TokenConfiguration, _ held: inout [String: Token], into values: inout ValueScope) async throws(LoginFailure)
        -> Bool
    {
        var isReplaced = false
        for (input, old) in held where clocks.boot - old.issuedAt > Self.suspectAge {
            guard case .token(let name) = token.inputs[input], let new = await inputs.replacement(for: name, refused: old) else { continue }
            held[input] = new
            values[input] = new.value.exposedBytes
            isReplaced = true
        }
        return isReplaced
    }

    // MARK: Requests

    private func attempt(_ token: TokenConfiguration, values: ValueScope, account: String) async throws(LoginFailure) -> TokenDraft {
        var run = LoginRun(token.provider, values: values, expires: token.expires, connection: token.connection)
        let host = BaseURL.host(try run.request().url)
        try await gate.enter(account: account, host: host, limit: token.effectiveLimit)
        let result = await steps(&run)
        await gate.leave(host: host)
        if case .failure(let failure) = result, failure.failureClass == .throttled, let pause = failure.retryAfter {
            await gate.pause(account: account, for: pause)
        }
        return try result.get()
    }

    private func steps(_ run: inout LoginRun) async -> Result<TokenDraft, LoginFailure> {
        do throws(LoginFailure) {
            while true {
                let reply = try await transport.send(try run.request())
                if case .token(let draft) = try run.receive(reply) { return .success(draft) }
            }
        } catch {
            return .failure(error)
        }
    }

    /// Entries with the same base URL and the same secrets are one account to the partner.
    private static func account(_ token: TokenConfiguration, _ values: ValueScope) -> String {
        let shared = token.provider.inputs.filter { $0.isSecret || $0.kind == .url }
        return Digest.hex(Digest.sha256(shared.flatMap { Array($0.name.utf8) + [0] + (values[$0.name] ?? []) + [0] }))
    }
}
