import ArgumentParser
import HTTPTypes
import JSON
import Secrets

struct CallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call", abstract: "Run an action of a token's provider, once.",
        discussion: "A value of @FILE is read from that file.")

    @Argument(help: "The token's name.", completion: Completion.tokens)
    var name: String
    @Argument(help: "The action.", completion: Completion.actions)
    var action: String
    @Argument(help: "Inputs of the action, NAME=VALUE or NAME=@FILE.")
    var values: [String] = []

    func run() async throws {
        var writer = JSONWriter()
        writer.beginObject()
        for text in values {
            let (name, value) = try KeyValue(text).pair
            writer.name(name)
            writer.string(try await bytes(value))
        }
        writer.endObject()
        let path = BrokerClient.path("v1", "tokens", name, "actions", action)
        let answer = try await BrokerClient().json(.post, path, body: writer.bytes)
        print(answer.jsonText)
        if let status = answer["status"]?.integerValue, !(200...299).contains(status) {
            explain("tokenbroker: the partner answered \(status)")
            throw ProgramExit.unavailable
        }
    }

    private func bytes(_ value: String) async throws -> [UInt8] {
        guard value.hasPrefix("@") else { return Array(value.utf8) }
        do throws(SecretFault) {
            return try await SystemSecretSource(environment: [:]).read(.file(path: String(value.dropFirst()), isShared: true)).exposedBytes
        } catch {
            explain("tokenbroker: \(error)")
            throw ProgramExit.noInput
        }
    }
}
