package import LocalHTTP

/// What stays with a connection about who is at its other end. Touched on its loop only.
package final class CallerContext {
    package let identity: PeerIdentity?
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
