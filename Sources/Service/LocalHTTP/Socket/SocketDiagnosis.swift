import CLinux
import Glibc

/// Asks the kernel who owns the other end of a loopback TCP connection (sock_diag(7)), over one netlink socket that stays open.
///
/// The answer counts only if it describes exactly this connection: same family and 4-tuple, state ESTABLISHED, an inode,
/// a user other than 65534 (another user namespace), both ends loopback. Any other answer is no identity: for example, a client
/// that has sent and closed is reported as user 0.
public struct SocketDiagnosis: ~Copyable {
    private let netlink: FileDescriptor
    private var sequence: UInt32 = 0

    private static let (established, listening) = (UInt8(1), UInt8(10))

    /// Nil where the kernel does not offer sock_diag.
    public init?() {
        let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), NETLINK_SOCK_DIAG)
        guard descriptor >= 0 else { return nil }
        netlink = FileDescriptor(owning: descriptor)
        // The kernel answers within sendto(2); the timeout of a second is for a machine in trouble.
        var timeout = timeval(tv_sec: 1, tv_usec: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    /// What the kernel says about the other end of an accepted connection.
    public enum FarEnd: Sendable, Equatable {
        case identified(PeerIdentity)
        /// No process holds it any more. A closed socket has no inode.
        case gone
        case unidentified
    }

    /// Who is at the other end of an accepted connection.
    public mutating func peer(of descriptor: Int32) -> FarEnd {
        switch ask(about: descriptor) {
        case .none: return .gone
        case .unknown: return .unidentified
        case .socket(let message):
            if message.idiag_inode == 0 { return .gone }
            guard message.idiag_state == Self.established, message.idiag_uid != PeerIdentity.overflowUser else { return .unidentified }
            return .identified(PeerIdentity(user: message.idiag_uid))
        }
    }

    /// The user whose process listens at a loopback TCP address, and the socket's inode; nil where nobody does, or the kernel does not say.
    public mutating func listener(at address: SocketAddress) -> (user: UInt32, inode: UInt32)? {
        guard let near = Endpoint(address) else { return nil }
        // No connection has the far port 0, so that the kernel answers with the listening socket.
        let far = Endpoint(address, port: 0) ?? near
        guard case .socket(let message) = ask(source: near, destination: far), message.idiag_state == Self.listening, message.idiag_inode != 0,
            message.idiag_uid != PeerIdentity.overflowUser
        else { return nil }
        return (message.idiag_uid, message.idiag_inode)
    }

    private enum Finding {
        case socket(inet_diag_msg)
        /// There is no such socket.
        case none
        case unknown
    }

    /// Asks about the other end of an accepted connection; its 4-tuple is compared.
    private mutating func ask(about descriptor: Int32) -> Finding {
        guard let near = Endpoint.local(descriptor), let far = Endpoint.remote(descriptor), near.family == far.family, near.isLoopback, far.isLoopback
        else { return .unknown }
        // The query takes the peer's view: its source is our far end.
        return ask(source: far, destination: near)
    }

    private mutating func ask(source: Endpoint, destination: Endpoint) -> Finding {
        var request = SocketQuery(family: source.family, source: source, destination: destination)
        sequence &+= 1
        request.header.nlmsg_seq = sequence
        let size = MemoryLayout<SocketQuery>.size
        guard unsafe send(netlink.number, &request, size, 0) == size else { return .unknown }
        return receive(source: source, destination: destination)
    }

    private func receive(source: Endpoint, destination: Endpoint) -> Finding {
        var answer = SocketAnswer()
        while true {
            let count = unsafe recv(netlink.number, &answer, MemoryLayout<SocketAnswer>.size, Int32(MSG_TRUNC))
            guard count > 0 else { return .unknown }
            guard answer.header.nlmsg_seq == sequence else { continue }  // the answer to a query that timed out
            let message = answer.message
            if answer.header.nlmsg_type == UInt16(NLMSG_ERROR) {
                // struct nlmsgerr begins with the error, where the message of another answer begins.
                return unsafe withUnsafeBytes(of: message) { unsafe $0.load(as: Int32.self) } == -ENOENT ? .none : .unknown
            }
            guard answer.header.nlmsg_type == UInt16(SOCK_DIAG_BY_FAMILY), count >= MemoryLayout<nlmsghdr>.size + MemoryLayout<inet_diag_msg>.size,
                Endpoint(message.id, isSource: true, family: message.idiag_family) == source,
                message.idiag_state == Self.listening || Endpoint(message.id, isSource: false, family: message.idiag_family) == destination
            else { return .unknown }
            return .socket(message)
        }
    }
}

private struct SocketQuery {
    var header = nlmsghdr()
    var body = inet_diag_req_v2()

    init(family: UInt8, source: Endpoint, destination: Endpoint) {
        header.nlmsg_len = UInt32(MemoryLayout<SocketQuery>.size)
        header.nlmsg_type = UInt16(SOCK_DIAG_BY_FAMILY)
        header.nlmsg_flags = UInt16(NLM_F_REQUEST)
        body.sdiag_family = family
        body.sdiag_protocol = UInt8(IPPROTO_TCP)
        body.idiag_states = 1 << 1
        body.id.idiag_sport = source.port.bigEndian
        body.id.idiag_dport = destination.port.bigEndian
        Endpoint.copy(source.address, into: &body.id.idiag_src)
        Endpoint.copy(destination.address, into: &body.id.idiag_dst)
        body.id.idiag_cookie = (UInt32.max, UInt32.max)  // INET_DIAG_NOCOOKIE
    }
}

private struct SocketAnswer {
    var header = nlmsghdr()
    var message = inet_diag_msg()
    /// The attributes that follow, which are not read.
    var rest: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
}

/// An end of a TCP connection: 4 or 16 address bytes in network order, and the port.
private struct Endpoint: Equatable {
    let family: UInt8
    let address: [UInt8]
    let port: UInt16

    /// IPv4-mapped IPv6 addresses do not count as IPv4: each listener is of one family.
    var isLoopback: Bool {
        family == UInt8(AF_INET) ? address[0] == 127 : address.dropLast().allSatisfy { $0 == 0 } && address.last == 1
    }

    static func local(_ descriptor: Int32) -> Endpoint? { unsafe named(descriptor, by: getsockname) }
    static func remote(_ descriptor: Int32) -> Endpoint? { unsafe named(descriptor, by: getpeername) }

    private static func named(
        _ descriptor: Int32, by call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Endpoint? {
        var storage = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let outcome = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe call(descriptor, $0, &size) }
        }
        guard outcome == 0 else { return nil }
        let port = UInt16(bigEndian: storage.sin6_port)
        let bytes = unsafe withUnsafeBytes(of: &storage) { unsafe Array($0) }
        switch Int32(storage.sin6_family) {
        case AF_INET: return Endpoint(family: UInt8(AF_INET), address: Array(bytes[4..<8]), port: port)
        case AF_INET6: return Endpoint(family: UInt8(AF_INET6), address: Array(bytes[8..<24]), port: port)
        default: return nil
        }
    }

    /// Nil for a unix socket.
    ///
    /// - Parameter port: replaces the address's own.
    init?(_ address: SocketAddress, port: UInt16? = nil) {
        switch address {
        case .loopback4(let host, let own): self.init(family: UInt8(AF_INET), address: host, port: port ?? own)
        case .loopback6(let own): self.init(family: UInt8(AF_INET6), address: [UInt8](repeating: 0, count: 15) + [1], port: port ?? own)
        case .unix: return nil
        }
    }

    private init(family: UInt8, address: [UInt8], port: UInt16) {
        self.family = family
        self.address = address
        self.port = port
    }

    init(_ identity: inet_diag_sockid, isSource: Bool, family: UInt8) {
        let bytes =
            unsafe isSource
            ? withUnsafeBytes(of: identity.idiag_src) { unsafe Array($0) } : withUnsafeBytes(of: identity.idiag_dst) { unsafe Array($0) }
        self.family = family
        address = Array(bytes.prefix(family == UInt8(AF_INET) ? 4 : 16))
        port = UInt16(bigEndian: isSource ? identity.idiag_sport : identity.idiag_dport)
    }

    static func copy(_ bytes: [UInt8], into words: inout (UInt32, UInt32, UInt32, UInt32)) {
        unsafe withUnsafeMutableBytes(of: &words) { unsafe $0.copyBytes(from: bytes) }
    }
}
