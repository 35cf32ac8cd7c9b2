/// Reads the daemon's file and the folder of providers beside it; reports every fault of all of them together.
package struct ConfigurationReader {
    /// Reads a text file; injected, so that tests need no disk.
    package typealias FileReading = (_ path: String) -> Result<String, SystemMessage>
    package typealias FolderListing = (_ path: String) -> [String]

    private let readFile: FileReading
    private let listFolder: FolderListing
    private let faults = FaultList()

    package init(readFile: @escaping FileReading, listFolder: @escaping FolderListing) {
        self.readFile = readFile
        self.listFolder = listFolder
    }

    /// The configuration and what to warn of.
    ///
    /// - Throws: `ConfigurationFaults` with every fault, warnings included, in the order they stand.
    package func read(_ path: String) throws(ConfigurationFaults) -> (configuration: BrokerConfiguration, warnings: [ConfigurationFault]) {
        let configuration = readRoot(path)
        guard let configuration, !faults.hasErrors else { throw ConfigurationFaults(faults: faults.faults) }
        return (configuration, faults.faults)
    }

    private func readRoot(_ path: String) -> BrokerConfiguration? {
        guard let root = document(path)?.mapping() else { return nil }
        var configuration = BrokerConfiguration()
        if let listen = root.take("listen") { ListenReader.read(listen, into: &configuration) }
        configuration.hasClients = root.has("clients")
        configuration.clients = root.take("clients").map(ClientReader.read) ?? []
        if let store = root.take("store"), store.string() != "memory" { store.fault("must be memory") }
        if let logins = root.take("logins")?.mapping() {
            if let parallel = logins.take("parallel")?.integer(in: 1...1024) { configuration.logins.parallel = parallel }
            if let perHost = logins.take("per_host")?.integer(in: 1...1024) { configuration.logins.perHost = perHost }
            logins.finish()
        }
        if let limits = root.take("limits") { ListenReader.readLimits(limits, into: &configuration.limits) }
        configuration.readiness.condition = root.take("ready_when")?.word(Readiness.Condition.self) ?? .all
        configuration.readiness.within = root.take("ready_within")?.duration(in: .seconds(1) ... .seconds(600)) ?? .seconds(20)
        let providers = readProviders(root, folder: Self.folder(of: path) + "/providers.d")
        let tokens = root.require("tokens").map { TokenConfigurationReader(providers: providers).read($0) } ?? []
        configuration.tokens = tokens
        root.finish()
        return configuration
    }

    private func document(_ path: String) -> ConfigurationNode? {
        switch readFile(path) {
        case .success(let text):
            return ConfigurationDocument.parse(text, file: path, faults: faults)
        case .failure(let message):
            faults.add(.init(file: path, line: 0, column: 0, path: "", message: "cannot be read: \(message.text)"))
            return nil
        }
    }

    /// Built-in definitions, then the folder's, then the file's own; a name may stand once among a user's own and replaces a built-in one.
    private func readProviders(_ root: ConfigurationMapping, folder: String) -> [String: ProviderDefinition] {
        var providers = ProviderCatalog.definitions(faults: faults)
        var own: Set<String> = []
        func add(_ node: ConfigurationNode) {
            guard let definition = ProviderReader.read(node) else { return }
            if !own.insert(definition.name).inserted { node.fault("the provider \(definition.name) is defined twice") }
            providers[definition.name] = definition
        }
        for file in listFolder(folder).filter({ $0.hasSuffix(".yaml") }).sorted() {
            if let node = document("\(folder)/\(file)") { add(node) }
        }
        if let inline = root.take("providers") {
            for node in inline.list() ?? [] { add(node) }
        }
        return providers
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// The system's words for a failed read.
package struct SystemMessage: Error, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}

/// Reads `listen:` and `limits:`.
enum ListenReader {
    static func read(_ node: ConfigurationNode, into configuration: inout BrokerConfiguration) {
        guard let entries = node.list() else { return }
        if entries.isEmpty { node.fault("needs at least one address") }
        configuration.listeners = entries.compactMap { entry in
            guard let mapping = entry.mapping() else { return nil }
            defer { mapping.finish() }
            configuration.hosts += mapping.take("hosts")?.strings() ?? []
            let tcp = mapping.take("tcp")
            let unix = mapping.take("unix")
            let mode = mapping.take("mode")
            let group = mapping.take("group")
            switch (tcp, unix) {
            case (let tcp?, nil):
                if let wrong = mode ?? group { wrong.fault("belongs to a unix socket") }
                return self.tcp(tcp)
            case (nil, let unix?):
                return self.unix(unix, mode: mode, group: group)
            default:
                entry.fault("must have either tcp: 127.0.0.1:8653 or unix: /path")
                return nil
            }
        }
    }

    private static func tcp(_ node: ConfigurationNode) -> ListenerConfiguration? {
        guard let text = node.string() else { return nil }
        guard isLoopback(text) else {
            node.fault("must be a loopback address with a port, such as 127.0.0.1:8653 or \"[::1]:8653\"")
            return nil
        }
        return ListenerConfiguration(address: .tcp(text))
    }

    private static func isLoopback(_ text: String) -> Bool {
        guard let colon = text.lastIndex(of: ":"), UInt16(text[text.index(after: colon)...]) != nil else { return false }
        let host = String(text[..<colon])
        return host == "[::1]" || host.hasPrefix("127.") && BaseURL.isLoopbackLiteral(host)
    }

    private static func unix(_ node: ConfigurationNode, mode: ConfigurationNode?, group: ConfigurationNode?) -> ListenerConfiguration? {
        guard let path = node.string() else { return nil }
        guard path.hasPrefix("/"), path.utf8.count <= 107 else {
            node.fault("must be an absolute path of at most 107 bytes (abstract sockets have no file mode and are refused)")
            return nil
        }
        var bits: UInt32 = 0o660
        if let mode, let text = mode.string() {
            if let value = UInt32(text, radix: 8), value <= 0o777, text.count >= 3 {
                bits = value
            } else {
                mode.fault("must be an octal file mode, such as \"0660\"")
            }
        }
        return ListenerConfiguration(address: .unix(path: path, mode: bits, group: group?.string()))
    }

    static func readLimits(_ node: ConfigurationNode, into limits: inout ConnectionBounds) {
        guard let mapping = node.mapping() else { return }
        if let value = mapping.take("header")?.size(in: 1024...1024 * 1024) { limits.headerBytes = value }
        if let value = mapping.take("header_fields")?.integer(in: 10...1000) { limits.fields = value }
        if let value = mapping.take("body")?.size(in: 1024...16 * 1024 * 1024) { limits.bodyBytes = value }
        let times: ClosedRange<Duration> = .milliseconds(100) ... .seconds(3600)
        if let value = mapping.take("header_time")?.duration(in: times) { limits.headerTime = value }
        if let value = mapping.take("request_time")?.duration(in: times) { limits.requestTime = value }
        if let value = mapping.take("idle_time")?.duration(in: times) { limits.idleTime = value }
        if let value = mapping.take("connections")?.integer(in: 8...100_000) { limits.connections = value }
        mapping.finish()
    }
}

/// Reads `clients:`.
enum ClientReader {
    static func read(_ node: ConfigurationNode) -> [ClientConfiguration] {
        guard let mapping = node.mapping() else { return [] }
        return mapping.members.compactMap { member in
            if !Names.isValid(member.name) { member.node.fault(Names.rule) }
            guard let settings = member.node.mapping() else { return nil }
            defer { settings.finish() }
            var client = ClientConfiguration(name: member.name, tokens: [])
            client.keyDigest = settings.take("key_sha256").flatMap(digest)
            client.user = settings.take("user")?.string()
            client.group = settings.take("group")?.string()
            client.tokens = settings.require("tokens")?.list()?.flatMap(grants) ?? []
            if let may = settings.take("may") {
                client.permissions = Set(may.list()?.compactMap { $0.word(ClientConfiguration.Permission.self) } ?? [])
            }
            if !["key_sha256", "user", "group"].contains(where: settings.has) {
                member.node.fault("needs key_sha256, user or group; `tokenbroker client add \(member.name)` makes a key")
            }
            return client
        }
    }

    private static func digest(_ node: ConfigurationNode) -> [UInt8]? {
        guard let text = node.string() else { return nil }
        if let bytes = Digest.bytes(hex: text), bytes.count == 32 { return bytes }
        node.fault("must be the hex SHA-256 of the key: 64 hex digits, as `tokenbroker client add` prints them")
        return nil
    }

    /// A pattern, or a mapping of a pattern to patterns for its per-request inputs.
    private static func grants(_ node: ConfigurationNode) -> [TokenGrant] {
        guard node.isMapping, let mapping = node.mapping() else {
            return node.string().map { [TokenGrant(pattern: NamePattern($0))] } ?? []
        }
        return mapping.members.map { member in
            let inputs = member.node.mapping()?.members.compactMap { input in input.node.string().map { (input.name, NamePattern($0)) } } ?? []
            return TokenGrant(pattern: NamePattern(member.name), inputs: Dictionary(inputs) { $1 })
        }
    }
}
