import Configuration
import LocalHTTP

/// What callers with the same rights may do, looked up in advance. Used on one loop.
package final class Standing {
    /// The indices of the matching clients, and the rights that follow from the kernel's identity.
    struct Rights: Hashable {
        var clients: [Int]
        var isOperator: Bool
        var isOwner: Bool

        init(_ caller: Caller) {
            clients = caller.clients
            isOperator = caller.isOperator
            isOwner = caller.isOwner
        }
    }

    private enum Answer: UInt8 { case unknown, no, yes }

    package let uses: [ClientUse]
    /// Whether the caller is a reverse proxy whose forwarding fields are ignored on `/headers`.
    package let answersForwardAuth: Bool
    /// The parameters of its query that are its own, rather than its visitor's.
    package let passedInputs: Set<String>
    /// The least life of tokens that the facade gives; nil: none is wanted.
    package let minValid: Duration?
    /// The name of the caller in the audit.
    let name: String
    private let caller: Caller
    private let rules: AdmissionRules
    /// Whether it may read each token without per-request inputs, by index of the token.
    private var readable: [Answer]

    init(_ caller: Caller, rules: AdmissionRules) {
        self.caller = caller
        self.rules = rules
        readable = Array(repeating: .unknown, count: rules.tokens.count)
        uses = caller.clients.compactMap { rules.uses[$0] }
        let clients = caller.clients.map { rules.identifier.clients[$0] }
        answersForwardAuth = clients.contains { $0.answersForwardAuth }
        passedInputs = clients.reduce(into: []) { $0.formUnion($1.passedInputs) }
        minValid = clients.compactMap(\.minValid).max()
        name = clients.isEmpty ? caller.isOperator ? "operator" : "owner" : clients.map(\.name).joined(separator: ",")
    }

    package func mayRead(_ place: Int) -> Bool {
        if readable[place] == .unknown {
            readable[place] = rules.policy.allows(caller, .read, token: rules.tokens[place]) ? .yes : .no
        }
        return readable[place] == .yes
    }

    /// The share of a client with its own limit, which takes precedence over its user's share.
    var ownShare: ConnectionShare? {
        for client in caller.clients {
            if let limit = rules.uses[client]?.limits.connections {
                return ConnectionShare(.party(rules.identifier.clients[client].name), limit: limit)
            }
        }
        return nil
    }

    /// The share that a connection of this user counts towards.
    func share(_ user: UInt32?) -> ConnectionShare {
        ownShare ?? ConnectionShare(user.map { .user($0) } ?? .party(name), limit: rules.bounds.userConnections)
    }
}
