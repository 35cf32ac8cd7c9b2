/// Who is at the other end, as far as the socket itself tells.
public struct Peer: Sendable {
    public enum Transport: Sendable { case loopback, unix }
    public let transport: Transport
    /// The connection's own descriptor, open while the connection is: for asking the kernel about it.
    public let descriptor: Int32
}
