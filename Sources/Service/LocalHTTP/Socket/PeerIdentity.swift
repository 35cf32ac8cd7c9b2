import CLinux
import Glibc

/// The identity of the other end of a connection, as the kernel reports it.
public struct PeerIdentity: Sendable, Hashable {
    public var user: UInt32
    /// Known only for unix sockets.
    public var group: UInt32?
    public var process: Int32?

    public init(user: UInt32, group: UInt32? = nil, process: Int32? = nil) {
        self.user = user
        self.group = group
        self.process = process
    }

    /// The ID that stands for every user of another user namespace (user_namespaces(7)); it identifies no particular user.
    static let overflowUser: UInt32 = 65534

    /// The process that called connect on a unix connection, by SO_PEERCRED (unix(7)); nil where the kernel cannot identify it.
    public static func ofUnixPeer(_ descriptor: Int32) -> PeerIdentity? {
        var credentials = linux_peer_credentials()
        var size = socklen_t(MemoryLayout<linux_peer_credentials>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0,
            size == socklen_t(MemoryLayout<linux_peer_credentials>.size), credentials.uid != overflowUser
        else { return nil }
        return PeerIdentity(user: credentials.uid, group: credentials.gid, process: credentials.pid)
    }
}
