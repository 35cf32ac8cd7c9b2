package import LocalHTTP

/// Who asks, once that is known.
package struct Caller: Sendable, Hashable {
    /// The clients of the configuration this caller is, by their place in it; several rules may fit one user.
    package var clients: [Int]
    /// The daemon's own user or root: over the unix socket always with `admin`.
    package var isOperator = false
    /// Served without any `clients` in the configuration.
    package var isOwner = false
    package var identity: PeerIdentity?

    /// What decides about permissions: the same for every process of a user.
    struct Rights: Hashable {
        var clients: [Int]
        var isOperator: Bool
        var isOwner: Bool
    }

    var rights: Rights { Rights(clients: clients, isOperator: isOperator, isOwner: isOwner) }
}

/// What stays with a connection about who is at its other end. Touched on its loop only.
final class CallerContext {
    let identity: PeerIdentity?
    let transport: Peer.Transport
    /// The last accepted Authorization value of this connection, and whom it named under which rules.
    var acceptedHeader: [UInt8] = []
    var acceptedCaller: Caller?
    var rulesVersion: UInt64 = 0
    /// Who a request without a key is.
    var keylessCaller: Caller?

    init(identity: PeerIdentity?, transport: Peer.Transport) {
        self.identity = identity
        self.transport = transport
    }
}
