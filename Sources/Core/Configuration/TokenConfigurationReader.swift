import OutboundHTTP
import Providers
import Secrets
import Text
import Time
import Tokens
import YAML

/// Reads `tokens:`, resolves the providers and checks the references between entries.
struct TokenConfigurationReader {
    let providers: [String: SharedProvider]
    /// Providers whose definitions have faults: what follows from those is not a second fault.
    var faultyProviders: Set<String> = []
    var accounts = HostAccounts.unknown

    func read(_ node: YAMLNode) -> [TokenConfiguration] {
        guard let mapping = node.mapping() else { return [] }
        let disabled = Set(mapping.members.filter { isDisabled($0.node) }.map(\.name))
        let entries = mapping.members.filter { !disabled.contains($0.name) }
        let tokens = entries.compactMap { entry in readToken(entry.name, entry.node).map { ($0, entry.node) } }
        let byName = Dictionary(tokens.map { ($0.0.name, $0.0) }) { $1 }
        let names = Set(entries.map(\.name))
        for (token, node) in tokens { checkChain(token, at: node, among: byName, names: names, disabled: disabled) }
        checkFiles(tokens)
        return tokens.map(\.0)
    }

    /// Two sinks with one file would take turns in replacing it.
    private func checkFiles(_ tokens: [(TokenConfiguration, YAMLNode)]) {
        var owners: [String: String] = [:]
        for (token, node) in tokens {
            for case .file(let file) in token.sinks {
                if let owner = owners.updateValue(token.name, forKey: file.path) {
                    node.fault(
                        "sinks: \(file.path) is \(owner == token.name ? "listed twice" : "also a sink of \(owner)"); give each a file of its own"
                    )
                }
            }
        }
    }

    private func isDisabled(_ node: YAMLNode) -> Bool {
        guard node.isMapping, let enabled = node.mapping()?.take("enabled") else { return false }
        return enabled.scalar == .bool(false)
    }

    private func readToken(_ name: String, _ node: YAMLNode) -> TokenConfiguration? {
        if !Names.isValid(name) { node.fault(Names.rule) }
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        let shared = mapping.require("provider").flatMap(self.provider)
        let required = mapping.take("required")
        _ = mapping.take("enabled")?.bool()
        let inputs = mapping.take("inputs")
        let perRequest = mapping.take("per_request")
        let limit = mapping.take("limit")
        let expires = mapping.take("expires")
        let refresh = mapping.take("refresh")
        let idleAfter = mapping.take("idle_after")
        let latchedRetry = mapping.take("latched_retry")
        let limits = mapping.take("limits")
        let exclusive = mapping.take("exclusive")
        let tls = mapping.take("tls")
        let proxy = mapping.take("proxy")
        let timeout = mapping.take("timeout")
        let (sinks, onFailure) = (mapping.take("sinks"), mapping.take("on_failure"))
        guard let shared else { return nil }
        let provider = shared.definition
        var token = TokenConfiguration(name: name, provider: shared)
        token.exclusive = exclusive?.bool()
        token.isRequired = required?.bool() ?? (perRequest == nil)
        token.perRequest = perRequest.map { readPerRequest($0, provider: provider) } ?? []
        token.inputs = readInputs(inputs, provider: provider, perRequest: Set(token.perRequest.map(\.name)), at: node)
        if let limit {
            if perRequest == nil { limit.fault("applies only to a token with per_request inputs") }
            token.combinations = limit.integer(in: 1...100_000) ?? token.combinations
        }
        token.expires = expires.map { ProviderReader.expiry($0, of: provider) }
        if provider.token.expires.isEmpty, expires == nil {
            let hint = provider.token.suggestedLifetime.map { ", for example expires: [{after: \(DurationSyntax.format($0))}]" } ?? ""
            node.fault("expires is missing: \(provider.name) does not state a lifetime for its tokens\(hint)")
        }
        token.refresh = readRefresh(refresh, idleAfter: idleAfter, latchedRetry: latchedRetry, isPerRequest: perRequest != nil)
        token.refresh.prolongEvery = provider.prolongation?.every
        token.limit = limits.flatMap(ProviderReader.limit)
        readSinks(sinks, onFailure, into: &token)
        (token.connection, token.keyPassphrase) = readConnection(tls: tls, proxy: proxy, timeout: timeout)
        return token
    }

    private func readSinks(_ sinks: YAMLNode?, _ onFailure: YAMLNode?, into token: inout TokenConfiguration) {
        let reader = SinkReader(accounts: accounts)
        token.sinks = sinks.map(reader.sinks) ?? []
        token.onFailure = onFailure.flatMap(reader.failureCommand)
        guard !token.sinks.isEmpty || token.onFailure != nil else { return }
        if !token.perRequest.isEmpty {
            (sinks ?? onFailure)?.fault("needs one token; this entry has one for each combination of its per_request inputs")
        }
        // A sink always wants the token.
        if !token.sinks.isEmpty { token.refresh.idleAfter = nil }
    }

    private func provider(_ node: YAMLNode) -> SharedProvider? {
        guard let name = node.string() else { return nil }
        if faultyProviders.contains(name) { return nil }
        if let provider = providers[name] { return provider }
        node.fault("there is no provider \(name)\(Suggestion.text(for: name, among: providers.keys, "providers"))")
        return nil
    }

    private func readPerRequest(_ node: YAMLNode, provider: ProviderDefinition) -> [PerRequestInput] {
        guard let mapping = node.mapping() else { return [] }
        return mapping.members.compactMap { member in
            guard let settings = member.node.mapping() else { return nil }
            defer { settings.finish() }
            guard let input = provider.input(member.name), !input.isSecret, !input.isToken, input.kind == .text else {
                member.node.fault("is not an input of \(provider.name) that a caller may set (not secret, not a token, not a URL)")
                return nil
            }
            guard let pattern = settings.require("pattern")?.pattern() else { return nil }
            return PerRequestInput(name: member.name, pattern: pattern)
        }
    }

    private func readInputs(
        _ node: YAMLNode?, provider: ProviderDefinition, perRequest: Set<String>, at entry: YAMLNode
    ) -> [String: InputBinding] {
        var bindings: [String: InputBinding] = [:]
        var given: Set<String> = []
        for member in node?.mapping()?.members ?? [] {
            given.insert(member.name)
            guard let input = provider.input(member.name) else {
                let hint = Suggestion.text(for: member.name, among: provider.inputs.map(\.name), "inputs")
                member.node.fault("\(provider.name) has no such input\(hint)")
                continue
            }
            if perRequest.contains(member.name) { member.node.fault("is set under per_request too") }
            bindings[member.name] = InputBindingReader.read(member.node, for: input)
        }
        let missing = provider.inputs.filter { $0.isRequired && !given.contains($0.name) && !perRequest.contains($0.name) }.map(\.name)
        let undiscovered = provider.inputs.filter { $0.discovered != nil && !$0.isOptional && !given.contains($0.name) }.map(\.name)
        if !undiscovered.isEmpty, !given.contains("issuer") {
            (node ?? entry).fault("needs \(undiscovered.joined(separator: ", ")), or issuer, whose metadata name it")
        }
        if !missing.isEmpty { (node ?? entry).fault("\(provider.name) needs \(missing.joined(separator: ", "))") }
        return bindings
    }

    private func readRefresh(
        _ node: YAMLNode?, idleAfter: YAMLNode?, latchedRetry: YAMLNode?, isPerRequest: Bool
    ) -> RefreshPolicy {
        var policy = RefreshPolicy()
        policy.idleAfter = isPerRequest ? .seconds(3600) : nil
        if let idleAfter { policy.idleAfter = idleAfter.duration(in: .seconds(10) ... .seconds(30 * 86_400)) }
        if let latchedRetry {
            let isNever = latchedRetry.scalar == .string("never")
            policy.latchedRetry = isNever ? .never : latchedRetry.duration(in: .seconds(600) ... .seconds(30 * 86_400)).map { .every($0) } ?? .byCause
        }
        guard let mapping = node?.mapping() else { return policy }
        defer { mapping.finish() }
        if let margin = mapping.take("margin") { policy.margin = margin.duration(in: .seconds(1) ... .seconds(30 * 86_400)) }
        if let cap = mapping.take("margin_cap")?.duration(in: .seconds(1) ... .seconds(30 * 86_400)) { policy.marginCap = cap }
        if let jitter = mapping.take("jitter"), let text = jitter.string() {
            if text.hasSuffix("%"), let percent = Double(text.dropLast()), (0...100).contains(percent) {
                policy.jitter = percent / 100
            } else {
                jitter.fault("must be a fraction of the margin from 0% to 100%, such as 10%")
            }
        }
        return policy
    }

    private func readConnection(tls: YAMLNode?, proxy: YAMLNode?, timeout: YAMLNode?) -> (ConnectionSettings, SecretReference?) {
        var connection = ConnectionSettings()
        var keyPassphrase: SecretReference?
        if let mapping = tls?.mapping() {
            connection.authorities = mapping.take("ca")?.string()
            connection.certificate = mapping.take("certificate")?.string()
            connection.key = mapping.take("key")?.string()
            if let passphrase = mapping.take("passphrase") {
                keyPassphrase = passphrase.mapping().flatMap { reference in
                    defer { reference.finish() }
                    return InputBindingReader.reference(reference)
                }
                if connection.key == nil { passphrase.fault("decrypts key, which is not set") }
            }
            if (connection.certificate == nil) != (connection.key == nil) { tls?.fault("certificate and key must be set together") }
            mapping.finish()
        }
        if let proxy, let text = proxy.string() {
            // Any host may be a proxy by plain http: it sees the host's name alone.
            let asPartner = text.hasPrefix("http://") ? "https://" + text.dropFirst(7) : text
            if let problem = BaseURL.problem(with: asPartner) {
                proxy.fault("must be a URL such as http://127.0.0.1:3128; this one \(problem)")
            } else {
                connection.proxy = text
            }
        }
        if let time = timeout?.duration(in: .seconds(1) ... .seconds(120)) { connection.time = time }
        return (connection, keyPassphrase)
    }

    /// Where an entry names a token that it needs.
    private static func place(of input: String, in token: TokenConfiguration, at entry: YAMLNode) -> YAMLNode {
        let name = token.inputs.first { $0.value == .token(input) }?.key
        let inputs = entry.mapping()?.members.first { $0.name == "inputs" }?.node
        return inputs?.mapping()?.members.first { $0.name == name }?.node ?? entry
    }

    /// Checks that each token input names a configured entry that has no per-request inputs and does not depend on this entry.
    private func checkChain(
        _ token: TokenConfiguration, at entry: YAMLNode, among byName: [String: TokenConfiguration], names: Set<String>, disabled: Set<String>
    ) {
        for input in token.tokenInputs {
            let node = Self.place(of: input, in: token, at: entry)
            guard !disabled.contains(input) else {
                node.fault("needs the token \(input), which has enabled: false")
                continue
            }
            guard names.contains(input) else {
                node.fault(
                    "needs the token \(input), which is not configured\(Suggestion.text(for: input, among: names.subtracting([token.name]), "tokens"))"
                )
                continue
            }
            if byName[input]?.perRequest.isEmpty == false { node.fault("cannot take its input from \(input), which has per_request inputs") }
            var seen = [token.name]
            var rest = [input]
            while let name = rest.popLast() {
                if name == token.name {
                    node.fault("needs its own token: \((seen + [name]).joined(separator: " → "))")
                    return
                }
                guard !seen.contains(name), let next = byName[name] else { continue }
                seen.append(name)
                rest += next.tokenInputs
            }
        }
    }
}
