import Providers
import Secrets
import Text
import Time
import YAML

/// Reads `clients:`.
struct ClientReader {
    /// The names of all entries, disabled and faulty ones too, each with its per-request inputs.
    let tokens: [String: Set<String>]
    let accounts: HostAccounts

    func read(_ node: YAMLNode) -> [ClientConfiguration] {
        guard let mapping = node.mapping() else { return [] }
        var owners: [[UInt8]: String] = [:]
        return mapping.members.compactMap { member in
            if !Names.isValid(member.name) { member.node.fault(Names.rule) }
            guard let settings = member.node.mapping() else { return nil }
            defer { settings.finish() }
            var client = ClientConfiguration(name: member.name, tokens: [])
            client.keys = settings.take("key_sha256").map(Self.keys) ?? []
            for key in client.keys {
                guard let owner = owners.updateValue(member.name, forKey: key.digest) else { continue }
                member.node.warn(owner == member.name ? "lists one key twice" : "has a key of \(owner) too: who shows it has the rights of both")
            }
            client.user = settings.take("user").flatMap(user)
            client.group = settings.take("group").flatMap(group)
            client.tokens = settings.require("tokens")?.list()?.flatMap(grants) ?? []
            if let may = settings.take("may") {
                client.permissions = Set(may.list()?.compactMap { $0.word(ClientConfiguration.Permission.self) } ?? [])
            }
            client.minValid = settings.take("min_valid")?.duration(in: .seconds(1) ... .seconds(30 * 86_400))
            client.unit = settings.take("unit").flatMap(unit)
            if let limits = settings.take("limits") { client.limits = Self.limits(limits) }
            if let forwards = settings.take("forward_auth"), forwards.bool() == true {
                client.answersForwardAuth = true
                if client.keys.isEmpty { forwards.fault("needs key_sha256: a proxy is identified only by its key") }
            }
            if let passed = settings.take("pass") {
                client.passedInputs = Set(passed.strings() ?? [])
                if !client.answersForwardAuth { passed.fault("applies only to a client with forward_auth: true") }
            }
            if !["key_sha256", "user", "group", "unit"].contains(where: settings.has) {
                member.node.fault("needs key_sha256, user, group or unit; `tokenbroker client add \(member.name)` generates a key")
            }
            return client
        }
    }

    /// Reads a digest, or a list of digests and of mappings from `sha256` to one and from `not_after` to the end of its time.
    private static func keys(_ node: YAMLNode) -> [AccessKey] {
        guard node.isSequence else { return digest(node).map { [AccessKey(digest: $0)] } ?? [] }
        let elements = node.list() ?? []
        if !(1...4).contains(elements.count) { node.fault("must list 1 to 4 keys: the new one, and the old one until its not_after") }
        return elements.compactMap { element in
            guard element.isMapping, let mapping = element.mapping() else { return digest(element).map { AccessKey(digest: $0) } }
            defer { mapping.finish() }
            let bytes = mapping.require("sha256").flatMap(digest)
            let end = mapping.take("not_after")
            let notAfter = end?.string().flatMap { CalendarTime.parseRFC3339($0) }
            if let end, notAfter == nil { end.fault("must be a date and time with its offset from UTC, such as 2027-01-31T00:00:00Z (RFC 3339)") }
            return bytes.map { AccessKey(digest: $0, notAfter: notAfter) }
        }
    }

    private static func digest(_ node: YAMLNode) -> [UInt8]? {
        guard let text = node.string() else { return nil }
        if let bytes = Digest.bytes(hex: text), bytes.count == 32 { return bytes }
        node.fault("must be the hex SHA-256 of the key: 64 hex digits, as `tokenbroker client add` prints them")
        return nil
    }

    private static func limits(_ node: YAMLNode) -> ClientLimits {
        var limits = ClientLimits()
        guard let mapping = node.mapping() else { return limits }
        limits.requests = mapping.take("requests")?.rate()
        limits.inFlight = mapping.take("in_flight")?.integer(in: 1...100_000)
        limits.connections = mapping.take("connections")?.integer(in: 1...100_000)
        mapping.finish()
        return limits
    }

    /// Reads a user that the kernel can identify: 65534 stands for all users of another user namespace.
    private func user(_ node: YAMLNode) -> String? {
        guard let name = node.string() else { return nil }
        if name == "nobody" || name == "65534" {
            node.fault("stands for every user that the kernel cannot identify; run the program as a user of its own")
        } else if !accounts.hasUser(name) {
            node.warn("there is no user \(name) on this host\(Suggestion.text(for: name, among: accounts.users(), "users"))")
        }
        return name
    }

    /// Reads a systemd unit, or a pattern of units.
    private func unit(_ node: YAMLNode) -> NamePattern? {
        guard let name = node.string() else { return nil }
        if !name.hasSuffix(".service"), !name.hasSuffix("*") { node.fault("must be the name of a service, such as billing.service") }
        return NamePattern(name)
    }

    private func group(_ node: YAMLNode) -> String? {
        guard let name = node.string() else { return nil }
        if !accounts.hasGroup(name) {
            node.warn("there is no group \(name) on this host\(Suggestion.text(for: name, among: accounts.groups(), "groups"))")
        }
        return name
    }

    /// Reads a pattern, or a mapping from a pattern to patterns for its per-request inputs.
    private func grants(_ node: YAMLNode) -> [TokenGrant] {
        guard node.isMapping, let mapping = node.mapping() else {
            return node.string().map { [TokenGrant(pattern: pattern($0, inputs: [:], at: node))] } ?? []
        }
        return mapping.members.map { member in
            let inputs = member.node.mapping()?.members.compactMap { input in input.node.string().map { (input.name, NamePattern($0)) } } ?? []
            let byName = Dictionary(inputs) { $1 }
            return TokenGrant(pattern: pattern(member.name, inputs: byName, at: member.node), inputs: byName)
        }
    }

    /// A pattern of names; one that names no entry, or grants nothing of one, is probably a mistake.
    private func pattern(_ text: String, inputs: [String: NamePattern], at node: YAMLNode) -> NamePattern {
        let pattern = NamePattern(text)
        let named = text.contains("*") ? tokens.filter { pattern.matches($0.key) } : tokens.filter { $0.key == text }
        if named.isEmpty { node.warn("\(text) names no token\(Suggestion.text(for: text, among: tokens.keys, "tokens"))") }
        let wanted = named.values.reduce(into: Set<String>()) { $0.formUnion($1) }
        for input in inputs.keys.sorted() where !named.isEmpty && !wanted.contains(input) {
            node.warn("no token of this name has the per-request input \(input)\(Suggestion.text(for: input, among: wanted, "inputs"))")
        }
        if text != "*" || !inputs.isEmpty, let name = named.keys.sorted().first(where: { !(named[$0] ?? []).isSubset(of: Set(inputs.keys)) }) {
            let all = (named[name] ?? []).sorted().map { "\($0): \"*\"" }.joined(separator: ", ")
            node.warn("grants nothing of \(name), whose per-request inputs need patterns of their own: {\(name): {\(all)}}")
        }
        return pattern
    }
}
