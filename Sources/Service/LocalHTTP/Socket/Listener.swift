import CLinux
public import Files
import Glibc

/// A listening, non-blocking stream socket. It removes its unix socket file when closed.
public final class Listener: Sendable {
    public let address: SocketAddress
    public let descriptor: Int32
    private let ownsPath: Bool

    /// The number of connections the kernel queues before `accept`, also capped by net.core.somaxconn.
    static let backlog: Int32 = 1024

    /// Binds and listens. A unix socket has its mode and group before `listen`, so that no client reaches it earlier.
    /// A stale socket file at its path is replaced; any other file there is an error.
    ///
    /// - Throws: `SystemCallError` with the call and the address; nothing is left open then.
    public init(_ address: SocketAddress, access: SocketFileAccess = .init()) throws(SystemCallError) {
        let newSocket = socket(address.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard newSocket >= 0 else { throw SystemCallError("socket", address.description) }
        do throws(SystemCallError) {
            if case .unix(let path) = address {
                try Self.removeStaleSocket(at: path)
            } else {
                var on: Int32 = 1
                _ = unsafe setsockopt(newSocket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
            }
            guard unsafe address.withSockAddr({ unsafe bind(newSocket, $0, $1) }) == 0 else { throw SystemCallError("bind", address.description) }
            if case .unix(let path) = address { try Self.restrict(path, to: access) }
            guard listen(newSocket, Self.backlog) == 0 else { throw SystemCallError("listen", address.description) }
        } catch {
            close(newSocket)
            throw error
        }
        descriptor = newSocket
        // With the port that the kernel chose, where port 0 was requested.
        self.address = SocketAddress(of: newSocket) ?? address
        if case .unix = address { ownsPath = true } else { ownsPath = false }
    }

    /// Takes over a listening socket that a service manager opened; its file, if any, remains the manager's.
    ///
    /// - Throws: `SystemCallError` where the descriptor is not a listening stream socket, or its address is neither a loopback
    ///   address nor a path.
    public init(inherited descriptor: Int32) throws(SystemCallError) {
        func option(_ name: Int32) -> Int32? {
            var value: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            return unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
        }
        guard option(SO_TYPE) == Int32(SOCK_STREAM.rawValue), option(SO_ACCEPTCONN) == 1 else {
            throw SystemCallError("take over", "descriptor \(descriptor), which is not a listening stream socket", code: EINVAL)
        }
        guard let address = SocketAddress(of: descriptor) else {
            throw SystemCallError("take over", "descriptor \(descriptor), which has neither a loopback address nor a path", code: EADDRNOTAVAIL)
        }
        guard linux_own(descriptor) == 0 else { throw SystemCallError("fcntl", address.description) }
        self.descriptor = descriptor
        self.address = address
        ownsPath = false
    }

    deinit {
        close(descriptor)
        if ownsPath, case .unix(let path) = address { unsafe unlink(path) }
    }

    private static func removeStaleSocket(at path: String) throws(SystemCallError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw SystemCallError("bind", "unix:\(path) (the file there is not a socket)", code: EEXIST)
        }
        guard unsafe unlink(path) == 0 else { throw SystemCallError("unlink", path) }
    }

    private static func restrict(_ path: String, to access: SocketFileAccess) throws(SystemCallError) {
        if let group = access.group, unsafe chown(path, uid_t.max, group) != 0 { throw SystemCallError("chown", path) }
        guard unsafe chmod(path, access.mode) == 0 else { throw SystemCallError("chmod", path) }
    }
}
