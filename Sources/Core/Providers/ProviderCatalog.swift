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
        ("oauth2-client-credentials", PackageResources.oauth2_client_credentials_yaml),
        ("oauth2-client-credentials-basic-raw", PackageResources.oauth2_client_credentials_basic_raw_yaml),
        ("oauth2-client-credentials-body", PackageResources.oauth2_client_credentials_body_yaml),
        ("oauth2-client-credentials-private-key-jwt", PackageResources.oauth2_client_credentials_private_key_jwt_yaml),
        ("oauth2-client-credentials-client-secret-jwt", PackageResources.oauth2_client_credentials_client_secret_jwt_yaml),
        ("oauth2-refresh-token", PackageResources.oauth2_refresh_token_yaml),
        ("oauth2-password", PackageResources.oauth2_password_yaml),
        ("oauth2-jwt-bearer", PackageResources.oauth2_jwt_bearer_yaml),
        ("oauth2-token-exchange", PackageResources.oauth2_token_exchange_yaml),
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
