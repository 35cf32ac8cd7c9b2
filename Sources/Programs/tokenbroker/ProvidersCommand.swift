import ArgumentParser
import JSON
import Providers
import YAML

struct ProvidersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers", abstract: "Built-in partners.", subcommands: [ListProviders.self, Show.self],
        defaultSubcommand: ListProviders.self)

    struct ListProviders: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the built-in partners and the inputs they need.")

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let definitions = ProviderCatalog.definitions(faults: FaultList()).values.sorted { $0.name < $1.name }
            if json {
                let list = definitions.map { definition in
                    JSONValue.object([
                        "name": .string(definition.name), "title": .string(definition.title),
                        "inputs": .array(definition.inputs.map { .string($0.name) }),
                    ])
                }
                return print(JSONValue.array(list).jsonText)
            }
            var table = Table(["PROVIDER", "TITLE", "NEEDS", "LIFETIME"])
            for definition in definitions {
                let needs = definition.inputs.filter(\.isRequired).map(\.name).joined(separator: ", ")
                let lifetime = definition.token.expires.isEmpty ? "set expires" : "stated by the partner"
                table.rows.append([definition.name, definition.title, needs, lifetime].map { Table.Cell($0) })
            }
            print(table.text())
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a built-in definition.")

        @Argument(help: "The provider's name.")
        var name: String

        func run() throws {
            guard let definition = ProviderCatalog.builtIn.first(where: { $0.name == name }) else {
                explain("tokenbroker: there is no built-in provider \(name); known: \(ProviderCatalog.builtIn.map(\.name).joined(separator: ", "))")
                throw ProgramExit.usage
            }
            print(String(decoding: definition.yaml, as: UTF8.self), terminator: "")
        }
    }
}
