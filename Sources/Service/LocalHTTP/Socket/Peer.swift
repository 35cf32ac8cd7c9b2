/// The other end of a connection, as far as the socket itself identifies it.
public struct Peer: Sendable {
    public enum Transport: Sendable { case loopback, unix }
    public let transport: Transport
    /// The descriptor of the connection, valid while it is open; used to ask the kernel about the peer.
    public let descriptor: Int32
    /// The ends of a TCP connection, where they are known already; otherwise the kernel is asked.
    var near: Endpoint?
    var far: Endpoint?
}
