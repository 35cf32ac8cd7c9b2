import OutboundHTTP
package import Time
import Tokens
package import YAML

/// Reads a provider definition; whatever is wrong becomes a fault with its place.
package struct ProviderReader {
    private let root: ConfigurationMapping
    private var inputs: [InputDefinition] = []

    package init(_ mapping: ConfigurationMapping) {
        root = mapping
    }

    /// The definition, or nil where a part it cannot do without is missing or wrong.
    package static func read(_ node: ConfigurationNode) -> ProviderDefinition? {
        guard let mapping = node.mapping() else { return nil }
        var reader = ProviderReader(mapping)
        var definition = reader.read()
        definition?.digest = node.digest
        return definition
    }

    /// Reads a list of expiry sources, which a token entry may set in place of its provider's.
    package static func expiry(_ node: ConfigurationNode) -> [ExpirySource] { TokenReader.expiry(node) }

    /// Reads `limits:`, which a token entry may set in place of its provider's.
    package static func limit(_ node: ConfigurationNode) -> Rate? { ReplyRulesReader.limit(node) }

    private mutating func read() -> ProviderDefinition? {
        let nameNode = root.require("provider")
        let name = nameNode?.string()
        if let name, !Names.isValid(name) { nameNode?.fault(Names.rule) }
        let title = root.take("title")?.string()
        let documentation = root.take("documentation")?.string()
        inputs = root.take("inputs").map(InputReader.read) ?? []
        var scope = Set(inputs.map(\.name))
        let login = readLogin(&scope)
        let token = root.require("token").flatMap { TokenReader.read($0, scope: &scope) }
        let refresh = readRefresh(token, inputs: inputs)
        // A refresh has no steps of a login whose values could be used.
        if refresh != nil { scope = scope.filter { !$0.hasPrefix("steps.") } }
        let use = root.take("use").flatMap { readUse($0, scope: scope.union(["token"])) } ?? TokenUse()
        let errors = root.take("errors").map(ReplyRulesReader.errors) ?? ErrorRules()
        let verify = root.take("verify").flatMap { RequestReader(inputs: inputs, scope: scope.union(["token"])).read($0) }
        let actions = root.take("actions").map { readActions($0, scope: scope.union(["token"])) } ?? []
        let limit = root.take("limits").flatMap(ReplyRulesReader.limit)
        let isExclusive = root.take("exclusive")?.bool() ?? false
        root.finish()
        guard let name, let token, !login.isEmpty else { return nil }
        return ProviderDefinition(
            name: name, title: title ?? name, documentation: documentation, inputs: inputs, login: login, token: token, use: use,
            errors: errors, refreshRequest: refresh, verify: verify, actions: actions, limit: limit, isExclusive: isExclusive)
    }

    private func readLogin(_ scope: inout Set<String>) -> [RequestTemplate] {
        guard let node = root.require("login"), let steps = node.list() else { return [] }
        if steps.isEmpty { node.fault("needs at least one request") }
        var login: [RequestTemplate] = []
        for (index, step) in steps.enumerated() {
            guard let request = RequestReader(inputs: inputs, scope: scope).read(step) else { continue }
            scope.formUnion(request.keep.map { "steps.\(index).\($0.name)" })
            login.append(request)
        }
        return login
    }

    private func readRefresh(_ token: TokenReading?, inputs: [InputDefinition]) -> RequestTemplate? {
        guard let node = root.take("refresh_request") else { return nil }
        if let token, token.refreshToken == nil { node.fault("needs token.refresh_token: where an answer gives the token to refresh with") }
        if inputs.contains(where: { $0.name == "refresh_token" }) { node.fault("an input is named refresh_token, as the value this request is for") }
        return RequestReader(inputs: inputs, scope: Set(inputs.map(\.name)).union(["refresh_token"])).read(node)
    }

    private func readUse(_ node: ConfigurationNode, scope: Set<String>) -> TokenUse? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        let requests = RequestReader(inputs: inputs, scope: scope, allowsAbsent: true)
        return TokenUse(headers: mapping.take("headers").map(requests.headers) ?? [])
    }

    private func readActions(_ node: ConfigurationNode, scope: Set<String>) -> [ActionDefinition] {
        guard let mapping = node.mapping() else { return [] }
        return mapping.members.compactMap { member in
            guard let action = member.node.mapping() else { return nil }
            if !Names.isValid(member.name) { member.node.fault(Names.rule) }
            let own = action.take("inputs").map(InputReader.read) ?? []
            let reader = RequestReader(inputs: inputs + own, scope: scope.union(own.map(\.name)))
            guard let request = reader.read(action, at: member.node) else { return nil }
            return ActionDefinition(name: member.name, request: request, inputs: own)
        }
    }
}

/// The rule for names of tokens, clients, providers and actions.
package enum Names {
    package static let rule = "a name is 1 to 64 of a-z, 0-9, dot, underscore and hyphen, beginning with a letter or digit"

    package static func isValid(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (1...64).contains(bytes.count), let first = bytes.first, isLetterOrDigit(first) else { return false }
        return bytes.allSatisfy { isLetterOrDigit($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D }
    }

    /// Names of inputs: snake_case, so that `{name}` reads well.
    static func isValidInput(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 64 && name.utf8.allSatisfy { isLetterOrDigit($0) || $0 == 0x5F } && name != "token" && name != "steps"
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
}

/// Reads `inputs:`.
enum InputReader {
    static func read(_ node: ConfigurationNode) -> [InputDefinition] {
        guard let mapping = node.mapping() else { return [] }
        return mapping.members.compactMap { member in
            if !Names.isValidInput(member.name) {
                member.node.fault("an input's name is snake_case: a-z, 0-9 and underscore; token and steps are taken")
            }
            guard let settings = member.node.mapping() else { return nil }
            defer { settings.finish() }
            var input = InputDefinition(name: member.name)
            input.isSecret = settings.take("secret")?.bool() ?? false
            input.isToken = settings.take("token")?.bool() ?? false
            input.isOptional = settings.take("optional")?.bool() ?? false
            input.defaultValue = settings.take("default")?.string()
            input.pattern = settings.take("pattern")?.pattern()
            input.kind = settings.take("kind")?.word(InputDefinition.Kind.self) ?? .text
            input.description = settings.take("description")?.string()
            if input.isSecret, input.defaultValue != nil { member.node.fault("a secret has no default") }
            if input.isToken, input.isSecret || input.defaultValue != nil { member.node.fault("a token input is neither secret nor has a default") }
            if input.kind == .url, let value = input.defaultValue, let problem = BaseURL.problem(with: value) {
                member.node.fault("default \(problem)")
            }
            return input
        }
    }
}

/// Reads `token:`.
enum TokenReader {
    static func read(_ node: ConfigurationNode, scope: inout Set<String>) -> TokenReading? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        let source = mapping.require("from").flatMap(ReplyRulesReader.source)
        let format = mapping.take("format")?.word(TokenReading.Format.self) ?? .opaque
        let type = mapping.take("type")?.string() ?? "Bearer"
        let keep = mapping.take("keep").map(ReplyRulesReader.keep) ?? []
        let expires = mapping.take("expires").map(expiry) ?? []
        let refreshToken = mapping.take("refresh_token").flatMap(ReplyRulesReader.source)
        let suggested = mapping.take("suggested_lifetime")?.duration(in: Expiry.range)
        scope.formUnion(keep.map(\.name))
        guard let source else { return nil }
        return TokenReading(
            source: source, format: format, type: type, keep: keep, refreshToken: refreshToken, expires: expires, suggestedLifetime: suggested)
    }

    /// Reads a list of expiry sources.
    static func expiry(_ node: ConfigurationNode) -> [ExpirySource] {
        let sources = node.list() ?? []
        if node.isSequence, sources.isEmpty { node.fault("needs at least one source, such as {after: 30m}") }
        return sources.compactMap(expirySource)
    }

    private static func expirySource(_ node: ConfigurationNode) -> ExpirySource? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        if let after = mapping.take("after") { return after.duration(in: Expiry.range).map { .after($0) } }
        if let never = mapping.take("never") {
            if never.bool() == false { never.fault("can only be true") }
            return .never
        }
        if let claim = mapping.take("jwt") { return claim.string().map { .claim($0) } }
        guard let source = ReplyRulesReader.source(in: mapping) else {
            if !mapping.has("json") && !mapping.has("header") && !mapping.has("body") {
                node.fault("must be one of {json: /pointer, …}, {header: name, …}, {jwt: exp}, {after: duration}, {never: true}")
            }
            return nil
        }
        let unit = mapping.take("unit")
        let format = mapping.take("format")
        let zone = mapping.take("zone").flatMap(offset)
        if unit != nil, format != nil { node.fault("has both unit and format; a number of seconds has a unit, a moment has a format") }
        if let unit { return ReplyRulesReader.unit(unit).map { .value(source, .lifetime(unit: $0)) } }
        guard let format else {
            node.fault("needs unit: seconds|milliseconds|minutes or format: rfc3339|unix|unix_ms")
            return nil
        }
        switch format.string() {
        case "rfc3339": return .value(source, .rfc3339(zone: zone))
        case "unix": return .value(source, .unixSeconds)
        case "unix_ms": return .value(source, .unixMilliseconds)
        default:
            format.fault("must be rfc3339, unix or unix_ms")
            return nil
        }
    }

    private static func offset(_ node: ConfigurationNode) -> Duration? {
        guard let text = node.string() else { return nil }
        if text == "UTC" { return .zero }
        guard let offset = CalendarTime.parseOffset(text) else {
            node.fault("must be UTC or an offset such as +05:45")
            return nil
        }
        return offset
    }
}
