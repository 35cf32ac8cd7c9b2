import Glibc

/// The address a server listens on: a loopback TCP address or the path of a unix socket. No other address can be represented.
public enum SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// An address in 127.0.0.0/8: the host is 4 bytes in network order. Port 0 lets the kernel choose.
    case loopback4(host: [UInt8], port: UInt16)
    /// `[::1]`.
    case loopback6(port: UInt16)
    /// A path of at most 107 bytes (unix(7)).
    case unix(path: String)

    /// Reads `127.0.0.1:8653` or `[::1]:8653`; nil where the text is not a loopback literal with a port.
    public init?(loopback text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        let host = text[..<colon]
        if host == "[::1]" {
            self = .loopback6(port: port)
            return
        }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard parts.count == 4, parts[0] == 127, !parts.contains(nil) else { return nil }
        self = .loopback4(host: parts.compactMap { $0 }, port: port)
    }

    /// The address a socket is bound to (getsockname(2)); nil where it is neither a loopback address nor a path.
    init?(of descriptor: Int32) {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let outcome = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(descriptor, $0, &size) }
        }
        guard outcome == 0 else { return nil }
        let bytes = unsafe withUnsafeBytes(of: &storage) { unsafe Array($0.prefix(Int(size))) }
        // The port is at the same offset in both families, in network order.
        let port = bytes.count >= 4 ? UInt16(bytes[2]) << 8 | UInt16(bytes[3]) : 0
        switch Int32(storage.ss_family) {
        case AF_INET where bytes[4] == 127: self = .loopback4(host: Array(bytes[4..<8]), port: port)
        case AF_INET6 where Array(bytes[8..<24]) == [UInt8](repeating: 0, count: 15) + [1]: self = .loopback6(port: port)
        case AF_UNIX where bytes.count > 3 && bytes[2] != 0:
            self = .unix(path: String(decoding: bytes[2...].prefix { $0 != 0 }, as: UTF8.self))
        default: return nil
        }
    }

    public var description: String {
        switch self {
        case .loopback4(let host, let port): host.map(String.init).joined(separator: ".") + ":\(port)"
        case .loopback6(let port): "[::1]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// The path of a unix socket.
    public var path: String? { if case .unix(let path) = self { path } else { nil } }

    var family: Int32 {
        switch self {
        case .loopback4: AF_INET
        case .loopback6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// Calls `body` with the `sockaddr` of this address.
    func withSockAddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        switch self {
        case .loopback4(let host, let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = host.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return unsafe rebound(&address, body)
        case .loopback6(let port):
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_addr = in6addr_loopback
            return unsafe rebound(&address, body)
        case .unix(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
            return unsafe rebound(&address, body)
        }
    }

    private func rebound<Address, Result>(_ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        let size = socklen_t(MemoryLayout<Address>.size)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, size) }
        }
    }
}
