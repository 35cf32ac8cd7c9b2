/// Reads `store:`.
enum StoreReader {
    static func read(_ node: ConfigurationNode) -> StoreConfiguration {
        guard node.isMapping, let mapping = node.mapping() else {
            if node.string() != "memory" { node.fault("must be memory or {sqlite: /path}") }
            return .memory
        }
        defer { mapping.finish() }
        let key = mapping.take("key")?.mapping().flatMap { mapping in
            defer { mapping.finish() }
            return InputBindingReader.reference(mapping)
        }
        guard let sqlite = mapping.require("sqlite"), let path = sqlite.string() else { return .memory }
        if !path.hasPrefix("/") { sqlite.fault("must be an absolute path") }
        return .sqlite(path: path, key: key)
    }
}
