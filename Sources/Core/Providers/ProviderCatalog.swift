package import YAML

/// The built-in partners, one line each. A guard test compares this list with the folder of definitions.
package enum ProviderCatalog {
    package static let builtIn: [(name: String, yaml: [UInt8])] = [
        ("zipteams", PackageResources.zipteams_yaml),
        ("zetasafe", PackageResources.zetasafe_yaml),
        ("zapper-service", PackageResources.zapper_service_yaml),
        ("zapper-customer", PackageResources.zapper_customer_yaml),
        ("sparrowsms", PackageResources.sparrowsms_yaml),
        ("pulsecrm", PackageResources.pulsecrm_yaml),
    ]

    /// All built-in definitions, by name; a fault in one is added to the list like any other.
    package static func definitions(faults: FaultList) -> [String: ProviderDefinition] {
        var definitions: [String: ProviderDefinition] = [:]
        for (name, yaml) in builtIn {
            let file = "built-in \(name).yaml"
            guard let node = YAMLDocument.parse(String(decoding: yaml, as: UTF8.self), file: file, faults: faults) else { continue }
            definitions[name] = ProviderReader.read(node)
        }
        return definitions
    }
}
