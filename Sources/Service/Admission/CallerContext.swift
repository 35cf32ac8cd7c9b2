package import LocalHTTP
import Time

/// What a connection keeps about its caller. Used on its loop only.
package final class CallerContext {
    package let identity: PeerIdentity?
    let transport: Peer.Transport
    /// The last accepted Authorization value of this connection, with the caller it identified and the version of the rules.
    var acceptedHeader: [UInt8] = []
    var accepted: KnownCaller?
    var rulesVersion: UInt64 = 0
    /// The caller whose share the connection has joined by its last request.
    var joined: KnownCaller?
    /// When the time of the last request's key ended, if that is why it was refused.
    var endedKey: WallTime?
    /// The caller of a request without a key.
    var keyless: KnownCaller?

    init(identity: PeerIdentity?, transport: Peer.Transport) {
        self.identity = identity
        self.transport = transport
    }
}
