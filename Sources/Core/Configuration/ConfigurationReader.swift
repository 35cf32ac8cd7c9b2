package import Providers
package import YAML

/// Reads the daemon's file and the folder of providers next to it, and reports the faults of all files together.
package struct ConfigurationReader {
    /// Reads a text file; injected, so that tests need no disk.
    package typealias FileReading = (_ path: String) -> Result<String, SystemMessage>
    package typealias FolderListing = (_ path: String) -> [String]

    private let readFile: FileReading
    private let listFolder: FolderListing
    private let accounts: HostAccounts
    private let faults = FaultList()

    package init(readFile: @escaping FileReading, listFolder: @escaping FolderListing, accounts: HostAccounts = .unknown) {
        self.readFile = readFile
        self.listFolder = listFolder
        self.accounts = accounts
    }

    /// Reads the configuration and its warnings.
    ///
    /// - Throws: `ConfigurationFaults` with all faults, warnings included, in the order of files and lines.
    package func read(_ path: String) throws(ConfigurationFaults) -> (configuration: BrokerConfiguration, warnings: [ConfigurationFault]) {
        let configuration = readRoot(path)
        guard let configuration, !faults.hasErrors else { throw ConfigurationFaults(faults: faults.faults) }
        return (configuration, faults.faults)
    }

    private func readRoot(_ path: String) -> BrokerConfiguration? {
        guard let root = document(path)?.mapping() else { return nil }
        var configuration = BrokerConfiguration()
        if let listen = root.take("listen") { ListenReader.read(listen, accounts: accounts, into: &configuration) }
        configuration.namesListeners = root.has("listen")
        configuration.hasClients = root.has("clients")
        let clients = root.take("clients")
        if let store = root.take("store") { configuration.store = StoreReader.read(store) }
        if let logins = root.take("logins")?.mapping() {
            if let parallel = logins.take("parallel")?.integer(in: 1...1024) { configuration.logins.parallel = parallel }
            if let perHost = logins.take("per_host")?.integer(in: 1...1024) { configuration.logins.perHost = perHost }
            logins.finish()
        }
        if let log = root.take("log")?.mapping() {
            configuration.log.format = log.take("format")?.word(LogConfiguration.Format.self) ?? .text
            configuration.log.level = log.take("level")?.word(LogConfiguration.Level.self) ?? .info
            log.finish()
        }
        configuration.isAudited = root.take("audit")?.bool() ?? true
        if let metrics = root.take("metrics")?.mapping() {
            configuration.hasOpenMetrics = metrics.take("open")?.bool() ?? false
            metrics.finish()
        }
        if let limits = root.take("limits") { ListenReader.readLimits(limits, into: &configuration.limits) }
        configuration.readiness.condition = root.take("ready_when")?.word(Readiness.Condition.self) ?? .all
        configuration.readiness.within = root.take("ready_within")?.duration(in: .seconds(1) ... .seconds(600)) ?? .seconds(20)
        let providers = readProviders(root, folder: Self.folder(of: path) + "/providers.d")
        let entries = root.require("tokens")
        configuration.tokens =
            entries.map {
                TokenConfigurationReader(
                    providers: providers.definitions.mapValues(SharedProvider.init), faultyProviders: providers.faulty, accounts: accounts
                ).read($0)
            }
            ?? []
        let members = entries.flatMap { $0.isMapping ? $0.mapping() : nil }?.members ?? []
        var names = Dictionary(members.map { ($0.name, Set<String>()) }) { $1 }
        for token in configuration.tokens { names[token.name] = Set(token.perRequest.map(\.name)) }
        configuration.clients = clients.map(ClientReader(tokens: names, accounts: accounts).read) ?? []
        root.finish()
        return configuration
    }

    private func document(_ path: String) -> YAMLNode? {
        switch readFile(path) {
        case .success(let text):
            return YAMLDocument.parse(text, file: path, faults: faults)
        case .failure(let message):
            faults.add(.init(file: path, message: "cannot be read\(message.text)", isUnreadable: true))
            return nil
        }
    }

    /// The providers that a configuration can use.
    package struct Providers {
        package var definitions: [String: ProviderDefinition]
        /// The file of each of the operator's own.
        package var origins: [String: String] = [:]
        /// The faults of the files that were read.
        package var faults: [ConfigurationFault] = []
        /// The names of definitions that cannot be used, whose faults have been reported.
        var faulty: Set<String> = []
    }

    /// Reads the definitions alone, whatever else is wrong; where there is no such file, those that are built in.
    package func providers(_ path: String) -> Providers {
        var providers = readProviders(document(path)?.mapping(), folder: Self.folder(of: path) + "/providers.d")
        providers.faults = faults.faults.filter { !$0.isWarning && !$0.isUnreadable }
        return providers
    }

    /// Reads the built-in definitions, then the folder's, then those in the file.
    ///
    /// A user's definition replaces a built-in one of the same name; two of a user's own must not have the same name.
    private func readProviders(_ root: YAMLMapping?, folder: String) -> Providers {
        var providers = Providers(definitions: ProviderCatalog.definitions(faults: faults))
        func add(_ node: YAMLNode) {
            guard let definition = ProviderReader.read(node) else {
                let name = node.isMapping ? node.mapping()?.members.first { $0.name == "provider" }?.node.scalar : nil
                if case .string(let name)? = name { providers.faulty.insert(name) }
                return
            }
            if providers.origins.updateValue(node.file, forKey: definition.name) != nil {
                node.fault("the provider \(definition.name) is defined twice")
            }
            providers.definitions[definition.name] = definition
        }
        for file in listFolder(folder).filter({ $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }).sorted() {
            if let node = document("\(folder)/\(file)") { add(node) }
        }
        if let inline = root?.take("providers") {
            for node in inline.list() ?? [] { add(node) }
        }
        return providers
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
