import ArgumentParser
import JSON
import Providers
import Secrets

struct ClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "client", abstract: "Manage client keys.", subcommands: [Add.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a client key: the key goes to standard output, once, and the configuration to standard error.")

        @Argument(help: "The client's name.", completion: Completion.clients)
        var name: String
        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            guard Names.isValid(name) else {
                explain("tokenbroker: \(Names.rule)")
                throw ProgramExit.usage
            }
            let key = Base64.encode(Digest.random(32), .url)
            let digest = Digest.hex(Digest.sha256(Array(key.utf8)))
            if json { return print(JSONValue.object(["name": .string(name), "key": .string(key), "key_sha256": .string(digest)]).jsonText) }
            print(key)
            explain(
                """
                The key is shown only once. Give it to \(name), in a file of mode 0600, and configure:

                clients:
                  \(name):
                    key_sha256: \(digest)
                    tokens: []          # those it needs, such as [zapper, "zip*"]
                    may: [read]         # refresh: log in again on request; admin: everything
                """)
        }
    }
}
