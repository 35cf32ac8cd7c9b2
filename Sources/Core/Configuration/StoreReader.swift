import OutboundHTTP
import Secrets
import YAML

/// Reads `store:`.
enum StoreReader {
    static func read(_ node: YAMLNode) -> StoreConfiguration {
        guard node.isMapping, let mapping = node.mapping() else {
            if node.string() != "memory" { node.fault("must be memory, {sqlite: /path} or {etcd: {endpoints: […]}, key: …}") }
            return .memory
        }
        defer { mapping.finish() }
        let key = mapping.take("key").flatMap(reference)
        if let node = mapping.take("etcd") {
            if mapping.take("sqlite") != nil { node.fault("cannot be combined with sqlite; a store uses only one") }
            guard let key else {
                node.fault("needs key next to it: a reference to a store key that is the same on every host, such as key: {credential: store-key}")
                return .memory
            }
            return etcd(node).map { .etcd($0, key: key) } ?? .memory
        }
        guard let sqlite = mapping.require("sqlite"), let path = sqlite.string() else { return .memory }
        if !path.hasPrefix("/") { sqlite.fault("must be an absolute path") }
        return .sqlite(path: path, key: key)
    }

    private static func etcd(_ node: YAMLNode) -> EtcdConfiguration? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        let endpoints = mapping.require("endpoints")
        let urls = endpoints?.strings() ?? []
        if let endpoints, urls.isEmpty { endpoints.fault("needs at least one member, such as https://etcd-1.example:2379") }
        for url in urls { if let problem = BaseURL.problem(with: url) { endpoints?.fault("\(url) \(problem)") } }
        var configuration = EtcdConfiguration(endpoints: urls)
        configuration.authorities = path(mapping.take("ca"))
        configuration.certificate = path(mapping.take("cert"))
        configuration.key = path(mapping.take("key"))
        if (configuration.certificate == nil) != (configuration.key == nil) { node.fault("cert and key must be set together") }
        configuration.user = mapping.take("user")?.string()
        configuration.password = mapping.take("password").flatMap(reference)
        if mapping.has("user") != mapping.has("password") { node.fault("user and password must be set together") }
        if let prefix = mapping.take("prefix"), let text = prefix.string() {
            if text.hasPrefix("/"), text.hasSuffix("/"), text.utf8.count <= 128 {
                configuration.prefix = text
            } else {
                prefix.fault("must begin and end with a slash, such as /tokenbroker/")
            }
        }
        return urls.isEmpty ? nil : configuration
    }

    private static func reference(_ node: YAMLNode) -> SecretReference? {
        guard node.isMapping, let mapping = node.mapping() else {
            node.fault("is a secret: give a reference such as {credential: name} or {file: /path}")
            return nil
        }
        defer { mapping.finish() }
        return InputBindingReader.reference(mapping)
    }

    private static func path(_ node: YAMLNode?) -> String? {
        guard let node, let text = node.string() else { return nil }
        if !text.hasPrefix("/") { node.fault("must be an absolute path") }
        return text
    }
}
