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

    private static let established = UInt8(1)
    static let listening = UInt8(10)

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
    public mutating func peer(of descriptor: Int32) -> FarEnd { peer(of: Peer(transport: .loopback, descriptor: descriptor)) }

    /// Who is at the other end of an accepted connection; its 4-tuple is compared.
    public mutating func peer(of peer: Peer) -> FarEnd {
        guard let near = peer.near ?? .local(peer.descriptor), let far = peer.far ?? .remote(peer.descriptor), near.family == far.family,
            near.isLoopback, far.isLoopback
        else { return .unidentified }
        // The query takes the peer's view: its source is our far end.
        switch ask(source: far, destination: near) {
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

    enum Finding {
        case socket(inet_diag_msg)
        /// There is no such socket.
        case none
        case unknown
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
            if let finding = answer.finding(count: count, sequence: sequence, source: source, destination: destination) { return finding }
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
        body.id.idiag_src = source.words
        body.id.idiag_dst = destination.words
        body.id.idiag_cookie = (UInt32.max, UInt32.max)  // INET_DIAG_NOCOOKIE
    }
}

/// The kernel's answer to one query, as it lies in memory.
struct SocketAnswer {
    var header = nlmsghdr()
    var message = inet_diag_msg()
    /// The attributes that follow, which are not read.
    var rest: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)

    /// What an answer of `count` bytes says; nil for the answer to an earlier query, which timed out.
    func finding(count: Int, sequence: UInt32, source: Endpoint, destination: Endpoint) -> SocketDiagnosis.Finding? {
        guard header.nlmsg_seq == sequence else { return nil }
        if header.nlmsg_type == UInt16(NLMSG_ERROR) {
            // struct nlmsgerr begins with the error, where the message of another answer begins.
            return unsafe withUnsafeBytes(of: message) { unsafe $0.load(as: Int32.self) } == -ENOENT ? SocketDiagnosis.Finding.none : .unknown
        }
        guard header.nlmsg_type == UInt16(SOCK_DIAG_BY_FAMILY), count >= MemoryLayout<nlmsghdr>.size + MemoryLayout<inet_diag_msg>.size,
            Endpoint(message.id, isSource: true, family: message.idiag_family) == source,
            message.idiag_state == SocketDiagnosis.listening
                || Endpoint(message.id, isSource: false, family: message.idiag_family) == destination
        else { return .unknown }
        return .socket(message)
    }
}
