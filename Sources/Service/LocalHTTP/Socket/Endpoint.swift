import CLinux
import Glibc

/// An end of a TCP connection: 4 or 16 address bytes in network order, and the port.
struct Endpoint: Sendable, Equatable {
    let family: UInt8
    let port: UInt16
    private let address: (UInt64, UInt64)

    init?(_ end: linux_endpoint) {
        guard end.family != 0 else { return nil }
        family = UInt8(truncatingIfNeeded: end.family)
        port = end.port
        address = end.address
    }

    /// Nil for a unix socket.
    ///
    /// - Parameter port: replaces the address's own.
    init?(_ address: SocketAddress, port: UInt16? = nil) {
        switch address {
        case .loopback4(let host, let own): self.init(family: UInt8(AF_INET), bytes: host, port: port ?? own)
        case .loopback6(let own): self.init(family: UInt8(AF_INET6), bytes: [UInt8](repeating: 0, count: 15) + [1], port: port ?? own)
        case .unix: return nil
        }
    }

    private init(family: UInt8, bytes: [UInt8], port: UInt16) {
        var address = (UInt64(0), UInt64(0))
        unsafe withUnsafeMutableBytes(of: &address) { unsafe $0.copyBytes(from: bytes.prefix(16)) }
        self.address = address
        self.family = family
        self.port = port
    }

    /// An end as sock_diag(7) reports it.
    init(_ identity: inet_diag_sockid, isSource: Bool, family: UInt8) {
        let words = isSource ? identity.idiag_src : identity.idiag_dst
        let isIPv4 = family == UInt8(AF_INET)
        address = (
            UInt64(words.0) | (isIPv4 ? 0 : UInt64(words.1) << 32), isIPv4 ? 0 : UInt64(words.2) | UInt64(words.3) << 32
        )
        self.family = family
        port = UInt16(bigEndian: isSource ? identity.idiag_sport : identity.idiag_dport)
    }

    static func local(_ descriptor: Int32) -> Endpoint? { Endpoint(linux_end(descriptor, 0)) }
    static func remote(_ descriptor: Int32) -> Endpoint? { Endpoint(linux_end(descriptor, 1)) }

    /// The address as sock_diag(7) takes it.
    var words: (UInt32, UInt32, UInt32, UInt32) {
        (
            UInt32(truncatingIfNeeded: address.0), UInt32(truncatingIfNeeded: address.0 >> 32), UInt32(truncatingIfNeeded: address.1),
            UInt32(truncatingIfNeeded: address.1 >> 32)
        )
    }

    /// IPv4-mapped IPv6 addresses do not count as IPv4: each listener is of one family.
    var isLoopback: Bool {
        family == UInt8(AF_INET) ? UInt8(truncatingIfNeeded: address.0) == 127 : address.0 == 0 && address.1 == UInt64(1).bigEndian
    }

    static func == (one: Endpoint, other: Endpoint) -> Bool {
        one.family == other.family && one.port == other.port && one.address == other.address
    }
}
