import ArgumentParser
import HTTPTypes
import JSON
import OutboundHTTP

/// Names that a shell completes: those that the running daemon knows and this caller may see; none where it does not answer.
enum Completion {
    static let tokens = CompletionKind.custom { _, _, _ async in await names("/v1/tokens", in: "tokens") }
    /// Needs the permission admin.
    static let clients = CompletionKind.custom { _, _, _ async in
        await names("/v1/overview?limit=0", in: "callers").filter { !["-", "operator", "owner"].contains($0) }
    }
    /// The actions of the token that the command line names before; needs the permission admin.
    static let actions = CompletionKind.custom { words, _, _ async in
        guard let overview = await known("/v1/overview?limit=2000"), case .array(let tokens)? = overview["tokens"] else { return [] }
        let named = tokens.filter { token in words.contains { .string($0) == token["name"] } }
        return named.flatMap { token in if case .array(let actions)? = token["actions"] { actions.compactMap(\.text) } else { [String]() } }
    }

    private static func names(_ path: String, in list: String) async -> [String] {
        guard case .array(let entries)? = await known(path)?[list] else { return [] }
        return Set(entries.compactMap { $0["name"]?.text }).sorted()
    }

    private static func known(_ path: String) async -> JSONValue? {
        guard let client = try? await BrokerClient(isQuiet: true), let reply = try? await client.attempt(.get, path, time: .seconds(1)) else {
            return nil
        }
        return JSONValue(parsing: reply.body)
    }
}
