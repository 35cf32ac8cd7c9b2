import BrokerCore
package import LocalHTTP

/// Who asks, once that is known.
package struct Caller: Sendable {
    /// The clients of the configuration this caller is, by their place in it; several rules may fit one user.
    package var clients: [Int]
    /// The daemon's own user or root: over the unix socket always with `admin`.
    package var isOperator = false
    /// Served without any `clients` in the configuration.
    package var isOwner = false
    package var identity: PeerIdentity?
}

/// What callers of the same clients may do, looked up beforehand. Touched on one loop.
final class Standing {
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

    let uses: [ClientUse]
    /// Whether it is a reverse proxy whose forwarding fields are ignored on `/headers`.
    let answersForwardAuth: Bool
    /// Who it is, for the audit.
    let name: String
    private let caller: Caller
    private let serving: Serving
    /// Which tokens it may read without per-request inputs, by place.
    private var readable: [Answer]

    init(_ caller: Caller, serving: Serving) {
        self.caller = caller
        self.serving = serving
        readable = Array(repeating: .unasked, count: serving.cells.count)
        uses = caller.clients.compactMap { serving.uses[$0] }
        let clients = caller.clients.map { serving.identifier.clients[$0] }
        answersForwardAuth = clients.contains { $0.answersForwardAuth }
        name = clients.isEmpty ? caller.isOperator ? "operator" : "owner" : clients.map(\.name).joined(separator: ",")
    }

    func mayRead(_ place: Int) -> Bool {
        if readable[place] == .unasked {
            readable[place] = serving.policy.allows(caller, .read, token: serving.cells[place].name) ? .yes : .no
        }
        return readable[place] == .yes
    }

    /// The share of a client that has a limit of its own, which goes before its user's.
    var ownShare: ConnectionShare? {
        for client in caller.clients {
            if let limit = serving.uses[client]?.limits.connections {
                return ConnectionShare(.party(serving.identifier.clients[client].name), limit: limit)
            }
        }
        return nil
    }

    /// Among whose connections one of this user counts.
    func share(_ user: UInt32?) -> ConnectionShare {
        ownShare ?? ConnectionShare(user.map { .user($0) } ?? .party(name), limit: serving.bounds.userConnections)
    }
}

/// A caller with its standing.
struct KnownCaller {
    let caller: Caller
    let standing: Standing
    let audited: AuditedCaller
}

/// What stays with a connection about who is at its other end. Touched on its loop only.
final class CallerContext {
    let identity: PeerIdentity?
    let transport: Peer.Transport
    /// The last accepted Authorization value of this connection, and whom it named under which rules.
    var acceptedHeader: [UInt8] = []
    var accepted: KnownCaller?
    var rulesVersion: UInt64 = 0
    /// Who a request without a key is.
    var keyless: KnownCaller?

    init(identity: PeerIdentity?, transport: Peer.Transport) {
        self.identity = identity
        self.transport = transport
    }
}
