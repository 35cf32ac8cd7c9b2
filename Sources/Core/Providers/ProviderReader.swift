package import Time
package import YAML

/// Reads a provider definition, and reports each mistake as a fault with its place.
package struct ProviderReader {
    private let root: YAMLMapping
    private var inputs: [InputDefinition] = []
    /// Names of kept values that may begin a URL.
    private var urls: Set<String> = []

    package init(_ mapping: YAMLMapping) {
        root = mapping
    }

    /// Returns the definition; nil if a required part is missing or invalid.
    package static func read(_ node: YAMLNode) -> ProviderDefinition? {
        guard let mapping = node.mapping() else { return nil }
        var reader = ProviderReader(mapping)
        var definition = reader.read()
        definition?.digest = node.digest
        return definition
    }

    /// Reads a list of expiry sources, with which a token entry may replace its provider's.
    package static func expiry(_ node: YAMLNode) -> [ExpirySource] { TokenReader.expiry(node) }

    /// Reads `limits:`, with which a token entry may replace its provider's.
    package static func limit(_ node: YAMLNode) -> Rate? { ReplyRulesReader.limit(node) }

    private mutating func read() -> ProviderDefinition? {
        let nameNode = root.require("provider")
        let name = nameNode?.string()
        if let name, !Names.isValid(name) { nameNode?.fault(Names.rule) }
        let title = root.take("title")?.string()
        let documentation = root.take("documentation")?.string()
        inputs = root.take("inputs").map(InputReader.read) ?? []
        let hosts = root.take("hosts")?.list()?.compactMap(hostRule) ?? []
        var scope = Set(inputs.map(\.name))
        let login = readLogin(&scope)
        let tokenNode = root.require("token")
        let token = tokenNode.flatMap { TokenReader.read($0, scope: &scope) }
        for kept in token?.keep ?? [] where inputs.contains(where: { $0.name == kept.name && $0.kind == .url }) {
            tokenNode?.fault("keep: \(kept.name) is an input that begins URLs; the partner's answer cannot set it")
        }
        for kept in token?.keep ?? [] where inputs.contains(where: { $0.name == kept.name && ($0.isSecret || $0.isToken) }) {
            tokenNode?.fault("keep: \(kept.name) is a secret input, which callers would be given; choose another name")
        }
        urls.formUnion(token?.keep.filter { $0.kind == .url }.map(\.name) ?? [])
        let refresh = readRefresh(token, inputs: inputs)
        // A refresh skips the login's steps, so their values do not exist.
        if refresh != nil { scope = scope.filter { !$0.hasPrefix("steps.") } }
        let disclosed = root.take("discloses")?.strings() ?? []
        let use = root.take("use").flatMap { readUse($0, scope: scope.union(["token"]), disclosed: Set(disclosed)) } ?? TokenUse()
        let errors = root.take("errors").map(ReplyRulesReader.errors) ?? ErrorRules()
        let verify = root.take("verify").flatMap { RequestReader(inputs: inputs, scope: scope.union(["token"]), urls: urls).read($0) }
        let given = refresh == nil ? ["token"] : ["token", "refresh_token"]
        let logout = root.take("logout").flatMap { RequestReader(inputs: inputs, scope: scope.union(given), urls: urls).read($0) }
        let actions = root.take("actions").map { readActions($0, scope: scope.union(["token"])) } ?? []
        let limit = root.take("limits").flatMap(ReplyRulesReader.limit)
        let isExclusive = root.take("exclusive")?.bool() ?? false
        root.finish()
        guard let name, let token, !login.isEmpty else { return nil }
        return ProviderDefinition(
            name: name, title: title ?? name, documentation: documentation, inputs: inputs, hosts: hosts, login: login, token: token, use: use,
            errors: errors, refreshRequest: refresh, verify: verify, logout: logout, actions: actions, limit: limit, isExclusive: isExclusive)
    }

    private func hostRule(_ node: YAMLNode) -> HostRule? {
        guard let text = node.string() else { return nil }
        if let rule = HostRule(text) { return rule }
        node.fault("must be a host such as api.example.com or *.example.com, with :port where it is not 443")
        return nil
    }

    private mutating func readLogin(_ scope: inout Set<String>) -> [RequestTemplate] {
        guard let node = root.require("login"), let steps = node.list() else { return [] }
        if steps.isEmpty { node.fault("needs at least one request") }
        var login: [RequestTemplate] = []
        for (index, step) in steps.enumerated() {
            guard let request = RequestReader(inputs: inputs, scope: scope, urls: urls).read(step) else { continue }
            scope.formUnion(request.keep.map { "steps.\(index).\($0.name)" })
            urls.formUnion(request.keep.filter { $0.kind == .url }.map { "steps.\(index).\($0.name)" })
            login.append(request)
        }
        return login
    }

    private func readRefresh(_ token: TokenReading?, inputs: [InputDefinition]) -> RequestTemplate? {
        guard let node = root.take("refresh_request") else { return nil }
        if let token, token.refreshToken == nil { node.fault("needs token.refresh_token, the source of the refresh token") }
        if inputs.contains(where: { $0.name == "refresh_token" }) { node.fault("refresh_token is reserved; rename the input") }
        return RequestReader(inputs: inputs, scope: Set(inputs.map(\.name)).union(["refresh_token"])).read(node)
    }

    private func readUse(_ node: YAMLNode, scope: Set<String>, disclosed: Set<String>) -> TokenUse? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        let requests = RequestReader(inputs: inputs, scope: scope, allowsAbsent: true)
        let use = TokenUse(headers: mapping.take("headers").map(requests.headers) ?? [])
        for name in Set(use.headers.flatMap(\.value.names)).sorted() where !disclosed.contains(name) {
            guard inputs.contains(where: { $0.name == name && ($0.isSecret || $0.isToken) }) else { continue }
            node.fault("{\(name)} is a secret, which every caller would be given; allow that with discloses: [\(name)]")
        }
        return use
    }

    private func readActions(_ node: YAMLNode, scope: Set<String>) -> [ActionDefinition] {
        guard let mapping = node.mapping() else { return [] }
        return mapping.members.compactMap { member in
            guard let action = member.node.mapping() else { return nil }
            if !Names.isValid(member.name) { member.node.fault(Names.rule) }
            let own = action.take("inputs").map(InputReader.read) ?? []
            for input in own where inputs.contains(where: { $0.name == input.name }) {
                member.node.fault("inputs.\(input.name) is an input of the provider already; a caller of the action could replace it")
            }
            let reader = RequestReader(inputs: inputs + own, scope: scope.union(own.map(\.name)), urls: urls)
            guard let request = reader.read(action, at: member.node) else { return nil }
            return ActionDefinition(name: member.name, request: request, inputs: own)
        }
    }
}
