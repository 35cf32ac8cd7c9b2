/// Who is at the other end, as far as the socket itself tells.
package struct Peer: Sendable {
    package enum Transport: Sendable { case loopback, unix }
    package let transport: Transport
    /// The connection's own descriptor, open while the connection is: for asking the kernel about it.
    package let descriptor: Int32
}
