import ArgumentParser
import Configuration
import JSON
import Providers
import Text
import YAML

struct ProvidersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers", abstract: "The partners that are built in, and your own.",
        subcommands: [ListProviders.self, ShowProvider.self, TestProvider.self], defaultSubcommand: ListProviders.self)

    static let builtIn = "built in"

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
                        "origin": .string(providers.origins[definition.name] ?? ProvidersCommand.builtIn),
                        "inputs": .array(definition.inputs.map { .string($0.name) }),
                    ])
                }
                return print(JSONValue.array(list).jsonText)
            }
            var table = Table(["PROVIDER", "TITLE", "NEEDS", "LIFETIME", "FROM"])
            for definition in definitions {
                let needs = definition.inputs.filter(\.isRequired).map(\.name).joined(separator: ", ")
                let lifetime = definition.token.expires.isEmpty ? "set expires" : "stated by the partner"
                let origin = providers.origins[definition.name] ?? ProvidersCommand.builtIn
                table.rows.append([definition.name, definition.title, needs, lifetime, origin].map { Table.Cell($0) })
            }
            print(table.text())
        }
    }
}
