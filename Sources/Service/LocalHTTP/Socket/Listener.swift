import CLinux
public import Files
import Glibc

/// A listening, non-blocking stream socket. It removes its unix socket file when closed, if that is still its own.
public final class Listener: Sendable {
    public let address: SocketAddress
    public let descriptor: Int32
    /// The near end of its TCP connections.
    let near: Endpoint?
    /// The claim to the path; nil for a TCP socket and for one that a service manager opened.
    private let file: SocketFile?
    /// The file of a unix socket when it began to listen.
    private let identity: FileIdentity?

    /// The number of connections the kernel queues before `accept`, also capped by net.core.somaxconn.
    static let backlog: Int32 = 1024

    /// Binds and listens. A unix socket has its mode and group before `listen`, so that no client reaches it earlier.
    /// A socket file that a process which is gone left at its path is replaced; a living one's, and any other file, is an error.
    ///
    /// - Throws: `SystemCallError` with the call and the address; nothing is left open then.
    public init(_ address: SocketAddress, access: SocketFileAccess = .init()) throws(SystemCallError) {
        let newSocket = socket(address.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard newSocket >= 0 else { throw SystemCallError("socket", address.description) }
        var claim: SocketFile?
        do throws(SystemCallError) {
            if case .unix(let path) = address {
                claim = try SocketFile(claiming: path)
            } else {
                var on: Int32 = 1
                _ = unsafe setsockopt(newSocket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
            }
            guard unsafe address.withSockAddr({ unsafe bind(newSocket, $0, $1) }) == 0 else { throw Self.refusal(of: address, code: errno) }
            if case .unix(let path) = address { try Self.restrict(path, to: access) }
            guard listen(newSocket, Self.backlog) == 0 else { throw Self.refusal(of: address, call: "listen", code: errno) }
        } catch {
            claim?.remove(FileIdentity(of: address.path ?? ""))
            close(newSocket)
            throw error
        }
        descriptor = newSocket
        file = claim
        identity = address.path.flatMap { FileIdentity(of: $0) }
        // With the port that the kernel chose, where port 0 was requested.
        self.address = SocketAddress(of: newSocket) ?? address
        near = Endpoint(self.address)
        sendAtOnce()
    }

    /// Why a TCP address cannot be bound; nil: it can. Nothing listens meanwhile.
    public static func problem(binding address: SocketAddress) -> SystemCallError? {
        let probe = socket(address.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { return SystemCallError("socket", address.description) }
        defer { close(probe) }
        var on: Int32 = 1
        _ = unsafe setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard unsafe address.withSockAddr({ unsafe bind(probe, $0, $1) }) == 0 else {
            return SystemCallError("bind", address.description, code: errno)
        }
        return nil
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
        file = nil
        identity = address.path.flatMap { FileIdentity(of: $0) }
        near = Endpoint(address)
        sendAtOnce()
    }

    /// Has its TCP connections send without waiting for a full segment, and without the pacing of congestion controls that measure a network
    /// (BBR): loopback loses nothing. Connections inherit both from the listener (tcp(7)); every kernel has Reno.
    private func sendAtOnce() {
        guard address.path == nil else { return }
        var on: Int32 = 1
        _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_CONGESTION, "reno", 4)
    }

    deinit {
        close(descriptor)
        file?.remove(identity)
    }

    /// Whether clients can still reach it: the file of a unix socket is there and is its own.
    public var isReachable: Bool {
        guard let path = address.path else { return true }
        return identity != nil && FileIdentity(of: path) == identity
    }

    private static func refusal(of address: SocketAddress, call: String = "bind", code: Int32) -> SystemCallError {
        let holder = code == EADDRINUSE ? SocketHolder(listeningAt: address).map { " (\($0) listens there)" } : nil
        return SystemCallError(call, "\(address)\(holder ?? "")", code: code)
    }

    private static func restrict(_ path: String, to access: SocketFileAccess) throws(SystemCallError) {
        if let group = access.group, unsafe chown(path, uid_t.max, group) != 0 { throw SystemCallError("chown", path) }
        guard unsafe chmod(path, access.mode) == 0 else { throw SystemCallError("chmod", path) }
    }
}
