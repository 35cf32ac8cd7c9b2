import ArgumentParser
import Configuration
import Files
import JSON
import Providers
import Text
import YAML

struct ProvidersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers", abstract: "The partners that are built in, and your own.", subcommands: [ListProviders.self, Show.self],
        defaultSubcommand: ListProviders.self)

    struct ListProviders: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the built-in partners and your own, with the inputs they need.")

        @OptionGroup var files: ConfigurationOption
        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let providers = files.providers()
            for fault in providers.faults { explain(fault.description) }
            let definitions = providers.definitions.values.sorted { $0.name < $1.name }
            if json {
                let list = definitions.map { definition in
                    JSONValue.object([
                        "name": .string(definition.name), "title": .string(definition.title),
                        "origin": .string(providers.origins[definition.name] ?? Self.builtIn),
                        "inputs": .array(definition.inputs.map { .string($0.name) }),
                    ])
                }
                return print(JSONValue.array(list).jsonText)
            }
            var table = Table(["PROVIDER", "TITLE", "NEEDS", "LIFETIME", "FROM"])
            for definition in definitions {
                let needs = definition.inputs.filter(\.isRequired).map(\.name).joined(separator: ", ")
                let lifetime = definition.token.expires.isEmpty ? "set expires" : "stated by the partner"
                let origin = providers.origins[definition.name] ?? Self.builtIn
                table.rows.append([definition.name, definition.title, needs, lifetime, origin].map { Table.Cell($0) })
            }
            print(table.text())
        }

        private static let builtIn = "built in"
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a definition.")

        @OptionGroup var files: ConfigurationOption
        @Argument(help: "The provider's name.")
        var name: String

        func run() throws {
            let providers = files.providers()
            if let origin = providers.origins[name] {
                guard origin != files.path, let bytes = try? SmallFile(origin).bytes(atMost: 4 * 1024 * 1024) else {
                    return print("# \(name) is defined under providers in \(files.path)")
                }
                return print(String(decoding: bytes, as: UTF8.self), terminator: "")
            }
            guard let definition = ProviderCatalog.builtIn.first(where: { $0.name == name }) else {
                explain("tokenbroker: there is no provider \(name)\(Suggestion.text(for: name, among: providers.definitions.keys, "providers"))")
                throw ProgramExit.usage
            }
            print(String(decoding: definition.yaml, as: UTF8.self), terminator: "")
        }
    }
}
