import ArgumentParser

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of the configuration, or of provider files, for editors.",
        discussion: """
            An editor with a YAML language server checks and completes a file that begins with this line:
            # yaml-language-server: $schema=configuration.schema.json
            The schema of the configuration refers to that of providers: save both side by side, as configuration.schema.json and \
            provider.schema.json.
            """)

    enum Subject: String, ExpressibleByArgument, CaseIterable { case configuration, provider }

    @Argument(help: "configuration (the default) or provider.")
    var subject = Subject.configuration

    func run() throws {
        let bytes: [UInt8] =
            switch subject {
            case .configuration: PackageResources.configuration_schema_json
            case .provider: PackageResources.provider_schema_json
            }
        print(String(decoding: bytes, as: UTF8.self), terminator: "")
    }
}
