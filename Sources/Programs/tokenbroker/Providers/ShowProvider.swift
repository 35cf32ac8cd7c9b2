import ArgumentParser
import Configuration
import Files
import Providers
import Text

struct ShowProvider: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Describe a provider: its inputs, requests, token and refusals, and an entry to paste.",
        discussion: "With --yaml the definition itself is printed.")

    @OptionGroup var files: ConfigurationOption
    @Argument(help: "The provider's name.")
    var name: String
    @Flag(help: "Print the definition.")
    var yaml = false

    func run() throws {
        let providers = files.providers()
        guard let definition = providers.definitions[name] else {
            explain("tokenbroker: there is no provider \(name)\(Suggestion.text(for: name, among: providers.definitions.keys, "providers"))")
            throw ProgramExit.usage
        }
        guard yaml else { return print(ProviderDescription(definition, origin: providers.origins[name] ?? ProvidersCommand.builtIn).text) }
        if let origin = providers.origins[name] {
            guard origin != files.path, let bytes = try? SmallFile(origin).bytes(atMost: 4 * 1024 * 1024) else {
                return print("# \(name) is defined under providers in \(files.path)")
            }
            return print(String(decoding: bytes, as: UTF8.self), terminator: "")
        }
        let built = ProviderCatalog.builtIn.first { $0.name == name }
        print(String(decoding: built?.yaml ?? [], as: UTF8.self), terminator: "")
    }
}
