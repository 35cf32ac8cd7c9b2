package import Time
package import YAML

/// Reads a provider definition, and reports each mistake as a fault with its place.
package struct ProviderReader {
    private let root: YAMLMapping
    private var inputs: [InputDefinition] = []
    /// Names whose secrets the callers may be given.
    private var disclosed: Set<String> = []
    private var values: [(value: DerivedValue, place: YAMLNode)] = []

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
    package static func expiry(_ node: YAMLNode, of provider: ProviderDefinition) -> [ExpirySource] {
        ExpiryReader(sources: SourceReader(names: provider.answerNames, steps: provider.refreshRequest == nil ? provider.login.count : 0)).read(node)
    }

    /// Reads `limits:`, with which a token entry may replace its provider's.
    package static func limit(_ node: YAMLNode) -> Rate? { ReplyRulesReader.limit(node) }

    private mutating func read() -> ProviderDefinition? {
        let nameNode = root.require("provider")
        let name = nameNode?.string()
        if let name, !Names.isValid(name) { nameNode?.fault(Names.rule) }
        let title = root.take("title")?.string()
        let documentation = root.take("documentation")?.string()
        inputs = root.take("inputs").map(InputReader.read) ?? []
        disclosed = Set(root.take("discloses")?.strings() ?? [])
        values = root.take("values").map { DerivedValueReader().read($0, inputs: inputs) } ?? []
        let hosts = root.take("hosts")?.list()?.compactMap(hostRule) ?? []
        let start = NameScope(inputs, values: values.map(\.value))
        let (login, answered) = readLogin(start)
        let tokenNode = root.require("token")
        let isMadeHere = root.take("login").map { $0.isSequence && $0.list()?.isEmpty ?? false } ?? false
        // An earlier answer of the login does not exist in a refresh.
        let steps = root.has("refresh_request") ? 0 : login?.count ?? 0
        let token = tokenNode.flatMap { TokenReader(scope: answered, steps: steps).read($0) }
        if let token, let tokenNode { check(token, answered, isMadeHere: isMadeHere, at: tokenNode) }
        let kept = answered.keeping(token?.keep ?? [])
        let refresh = readRefresh(token, start)
        let session = (refresh == nil ? kept : kept.with("refresh_token")).with("token")
        DerivedValueReader.checkNames(values, known: Set(session.names.keys).subtracting(values.map(\.value.name)))
        guard let name, let token, let login else {
            finish(start, kept.with("token"), session)
            return nil
        }
        var definition = ProviderDefinition(name: name, title: title ?? name, documentation: documentation, inputs: inputs, token: token)
        (definition.values, definition.hosts, definition.login, definition.refreshRequest) = (values.map(\.value), hosts, login, refresh)
        definition.answerNames = Set(answered.names.keys)
        readRest(into: &definition, start, kept.with("token"), session)
        root.finish()
        return definition
    }

    /// Reads what is left of a definition that cannot be used, for its faults.
    private func finish(_ start: NameScope, _ kept: NameScope, _ session: NameScope) {
        var unusable = ProviderDefinition(name: "", title: "", inputs: inputs, token: TokenReading(source: SourceList(.text)))
        readRest(into: &unusable, start, kept, session)
        root.finish()
    }

    /// - Parameters:
    ///   - start: the names that exist before a login.
    ///   - kept: the names that exist with a token.
    ///   - session: the same with the refresh token.
    private func readRest(into definition: inout ProviderDefinition, _ start: NameScope, _ kept: NameScope, _ session: NameScope) {
        let rules = ReplyRulesReader(sources: SourceReader(names: Set(kept.names.keys), steps: definition.login.count))
        definition.use = root.take("use").flatMap { readUse($0, scope: kept, disclosed: disclosed) } ?? TokenUse()
        definition.errors = root.take("errors").map(rules.errors) ?? ErrorRules()
        definition.verify = root.take("verify").flatMap(RequestReader(scope: kept).read)
        definition.person = root.take("person").flatMap { readPerson($0, start) }
        definition.logout = root.take("logout").flatMap { readLogout($0, session) }
        definition.prolongation = root.take("prolong").flatMap { readProlongation($0, kept) }
        if let word = root.take("same_token") {
            definition.sameTokenIsProlonged = word.string() == "prolonged"
            if !definition.sameTokenIsProlonged { word.fault("must be the word prolonged") }
        }
        definition.actions = root.take("actions").map { readActions($0, scope: kept) } ?? []
        definition.limit = root.take("limits").flatMap(ReplyRulesReader.limit)
        definition.isExclusive = root.take("exclusive")?.bool() ?? false
    }

    private func hostRule(_ node: YAMLNode) -> HostRule? {
        guard let text = node.string() else { return nil }
        if let rule = HostRule(text) { return rule }
        node.fault("must be a host such as api.example.com or *.example.com, with :port where it is not 443")
        return nil
    }

    /// The login's requests, and the names that exist after the last answer; nil without `login`.
    private func readLogin(_ start: NameScope) -> ([RequestTemplate]?, NameScope) {
        guard let node = root.require("login"), let steps = node.list() else { return (nil, start) }
        var scope = start
        var login: [RequestTemplate] = []
        for (index, step) in steps.enumerated() {
            guard let request = RequestReader(scope: scope, steps: index).read(step) else { continue }
            scope = scope.keeping(request.keep, prefix: "steps.\(index).")
            login.append(request)
        }
        return (login, scope)
    }

    private func check(_ token: TokenReading, _ scope: NameScope, isMadeHere: Bool, at node: YAMLNode) {
        for kept in token.keep {
            guard let input = inputs.first(where: { $0.name == kept.name }) else { continue }
            if input.kind == .url { node.fault("keep: \(kept.name) is an input that begins URLs; the partner's answer cannot set it") }
            if input.isSecret || input.isToken {
                node.fault("keep: \(kept.name) is a secret input, which callers would be given; choose another name")
            }
        }
        for kept in token.keep where !disclosed.contains(kept.name) {
            for secret in scope.reveals(of: kept).subtracting(disclosed).sorted() {
                node.fault(
                    "keep: \(kept.name) shows the secret \(secret), which every caller would be given; allow that with discloses: [\(kept.name)]")
            }
        }
        for source in isMadeHere ? token.source.sources : [] {
            if case .value = source.place { continue }
            node.fault("the login has no request, so the token must be made here: from: {value: NAME}")
        }
    }

    private func readRefresh(_ token: TokenReading?, _ start: NameScope) -> RequestTemplate? {
        guard let node = root.take("refresh_request") else { return nil }
        if let token, token.refreshToken == nil { node.fault("needs token.refresh_token, the source of the refresh token") }
        if inputs.contains(where: { $0.name == "refresh_token" }) { node.fault("refresh_token is reserved; rename the input") }
        return RequestReader(scope: start.with("refresh_token")).read(node)
    }

    private func readUse(_ node: YAMLNode, scope: NameScope, disclosed: Set<String>) -> TokenUse? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        let requests = RequestReader(scope: scope, allowsAbsent: true)
        var use = TokenUse(headers: mapping.take("headers").map(requests.headers) ?? [])
        use.query = mapping.take("query").map(requests.pairs)
        use.json = mapping.take("json").flatMap { json in
            if !json.isMapping { json.fault("must be a mapping: the members that a request's JSON body gets") }
            return json.isMapping ? TemplateReader(scope: scope, allowsAbsent: true).json(json) : nil
        }
        let names = use.headers.flatMap(\.value.names) + (use.query ?? []).flatMap(\.value.names) + (use.json?.names ?? [])
        for name in Set(names).sorted() where !disclosed.contains(name) {
            for secret in (scope[name]?.reveals ?? []).subtracting(disclosed).sorted() {
                let what = secret == name ? "is a secret" : "shows the secret \(secret)"
                node.fault("{\(name)} \(what), which every caller would be given; allow that with discloses: [\(name)]")
            }
        }
        return use
    }

    private func readPerson(_ node: YAMLNode, _ scope: NameScope) -> PersonLogin? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        let (requests, templates) = (RequestReader(scope: scope), TemplateReader(scope: scope))
        let unless = mapping.take("unless")
        if let name = unless?.string(), !inputs.contains(where: { $0.name == name && $0.isOptional }) { unless?.fault("is no optional input") }
        let token = mapping.require("token").flatMap(requests.readURL)
        let client = mapping.require("client_id").flatMap { templates.template($0) }
        let (device, authorize) = (mapping.take("device").flatMap(requests.readURL), mapping.take("authorize").flatMap(requests.readURL))
        let secret = mapping.take("client_secret").flatMap { templates.template($0, mayBeAbsent: true) }
        let words = mapping.take("scope").flatMap { templates.template($0, mayBeAbsent: true) }
        if device == nil, authorize == nil { node.fault("needs device or authorize, the endpoint where a person logs in") }
        guard let token, let client else { return nil }
        return PersonLogin(
            unless: unless?.string(), device: device, authorize: authorize, token: token, clientID: client, clientSecret: secret, scope: words)
    }

    private func readLogout(_ node: YAMLNode, _ scope: NameScope) -> LogoutRule? {
        guard let mapping = node.mapping() else { return nil }
        let isMadeAtStop = mapping.take("stop")?.bool() ?? false
        let replaced = mapping.take("replaced")?.duration(in: .seconds(1) ... .seconds(86_400))
        return RequestReader(scope: scope).read(mapping, at: node).map {
            LogoutRule(request: $0, isMadeAtStop: isMadeAtStop, afterReplacement: replaced)
        }
    }

    private func readProlongation(_ node: YAMLNode, _ scope: NameScope) -> ProlongationRule? {
        guard let mapping = node.mapping() else { return nil }
        let every = mapping.require("every")?.duration(in: .seconds(5) ... .seconds(30 * 86_400))
        guard let request = RequestReader(scope: scope).read(mapping, at: node), let every else { return nil }
        return ProlongationRule(every: every, request: request)
    }

    private func readActions(_ node: YAMLNode, scope: NameScope) -> [ActionDefinition] {
        guard let mapping = node.mapping() else { return [] }
        return mapping.members.compactMap { member in
            guard let action = member.node.mapping() else { return nil }
            if !Names.isValid(member.name) { member.node.fault(Names.rule) }
            let own = action.take("inputs").map(InputReader.read) ?? []
            for input in own where inputs.contains(where: { $0.name == input.name }) {
                member.node.fault("inputs.\(input.name) is an input of the provider already; a caller of the action could replace it")
            }
            guard let request = RequestReader(scope: scope.adding(own)).read(action, at: member.node) else { return nil }
            return ActionDefinition(name: member.name, request: request, inputs: own)
        }
    }
}
