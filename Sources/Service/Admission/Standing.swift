import Configuration
import LocalHTTP

/// What callers of the same clients may do, looked up beforehand. Touched on one loop.
package final class Standing {
    /// Which clients of the configuration, and whether the kernel's word makes more of it.
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

    private enum Answer: UInt8 { case unasked, no, yes }

    package let uses: [ClientUse]
    /// Whether it is a reverse proxy whose forwarding fields are ignored on `/headers`.
    package let answersForwardAuth: Bool
    /// Who it is, for the audit.
    let name: String
    private let caller: Caller
    private let rules: AdmissionRules
    /// Which tokens it may read without per-request inputs, by place.
    private var readable: [Answer]

    init(_ caller: Caller, rules: AdmissionRules) {
        self.caller = caller
        self.rules = rules
        readable = Array(repeating: .unasked, count: rules.tokens.count)
        uses = caller.clients.compactMap { rules.uses[$0] }
        let clients = caller.clients.map { rules.identifier.clients[$0] }
        answersForwardAuth = clients.contains { $0.answersForwardAuth }
        name = clients.isEmpty ? caller.isOperator ? "operator" : "owner" : clients.map(\.name).joined(separator: ",")
    }

    package func mayRead(_ place: Int) -> Bool {
        if readable[place] == .unasked {
            readable[place] = rules.policy.allows(caller, .read, token: rules.tokens[place]) ? .yes : .no
        }
        return readable[place] == .yes
    }

    /// The share of a client that has a limit of its own, which goes before its user's.
    var ownShare: ConnectionShare? {
        for client in caller.clients {
            if let limit = rules.uses[client]?.limits.connections {
                return ConnectionShare(.party(rules.identifier.clients[client].name), limit: limit)
            }
        }
        return nil
    }

    /// Among whose connections one of this user counts.
    func share(_ user: UInt32?) -> ConnectionShare {
        ownShare ?? ConnectionShare(user.map { .user($0) } ?? .party(name), limit: rules.bounds.userConnections)
    }
}
