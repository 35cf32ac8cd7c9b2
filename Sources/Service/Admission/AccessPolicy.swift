package import Configuration
import LocalHTTP

/// Whether a caller may do something with a token. Pure.
package struct AccessPolicy: Sendable {
    private let clients: [ClientConfiguration]

    package init(_ configuration: BrokerConfiguration) {
        clients = configuration.clients
    }

    /// - Parameters:
    ///   - token: the name of the token; nil where the request does not concern a single token.
    ///   - inputs: the values of per-request inputs, as the caller gave them.
    package func allows(_ caller: Caller, _ permission: ClientConfiguration.Permission, token: String?, inputs: [String: String] = [:]) -> Bool {
        if caller.isOperator { return true }
        if caller.isOwner { return permission != .admin }
        return caller.clients.contains { index in
            let client = clients[index]
            guard client.permissions.contains(permission) || client.permissions.contains(.admin) else { return false }
            guard let token else { return true }
            return client.tokens.contains { covers($0, token: token, inputs: inputs) }
        }
    }

    /// The client that this unit belongs to and that may read this token; nil: there is none.
    package func client(ofUnit unit: String, token: String) -> String? {
        clients.first { client in
            client.unit?.matches(unit) ?? false && client.tokens.contains { covers($0, token: token, inputs: [:]) }
        }?.name
    }

    /// The caller's name: its clients, or else its user.
    package func name(of caller: Caller) -> String {
        let names = caller.clients.filter(clients.indices.contains).map { clients[$0].name }
        return names.isEmpty ? "uid \(caller.identity?.user ?? .max)" : names.joined(separator: ", ")
    }

    /// A limit divided by the clients that may use this token.
    package func share(of limit: Int, token: String) -> Int {
        max(1, limit / max(1, clients.count { client in client.tokens.contains { $0.pattern.matches(token) } }))
    }

    private func covers(_ grant: TokenGrant, token: String, inputs: [String: String]) -> Bool {
        guard grant.pattern.matches(token) else { return false }
        if grant.pattern.text == "*", grant.inputs.isEmpty { return true }
        return inputs.allSatisfy { name, value in grant.inputs[name]?.matches(value) ?? false }
    }
}
