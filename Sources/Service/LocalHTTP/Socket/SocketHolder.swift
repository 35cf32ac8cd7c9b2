import CLinux
import Files
import Glibc

/// Who listens at an address: as much of it as the kernel tells this process.
public struct SocketHolder: Sendable, Equatable, CustomStringConvertible {
    public let user: UInt32
    /// Nil where the processes of that user are not visible to this one (proc(5)).
    public let process: Int32?
    /// The program's name (proc(5), /proc/pid/comm).
    public let program: String?

    /// `python3 (process 123 of user root)`.
    public var description: String {
        guard let process else { return "a program of user \(UserName.of(user))" }
        return "\(program ?? "a program") (process \(process) of user \(UserName.of(user)))"
    }

    public init(user: UInt32, process: Int32?, program: String?) {
        self.user = user
        self.process = process
        self.program = program
    }

    /// Asks who listens at an address; nil where nobody does, or the kernel does not say.
    public init?(listeningAt address: SocketAddress) {
        switch address {
        case .unix(let path):
            guard let peer = Self.unixListener(path) else { return nil }
            self.init(user: peer.user, process: peer.process)
        case .loopback4, .loopback6:
            var diagnosis = SocketDiagnosis()
            guard let found = diagnosis?.listener(at: address) else { return nil }
            self.init(user: found.user, process: Self.process(holding: found.inode))
        }
    }

    private init(user: UInt32, process: Int32?) {
        self.init(user: user, process: process, program: process.flatMap { Self.text("/proc/\($0)/comm") })
    }

    /// The process that called listen(2) on a unix socket (unix(7), SO_PEERCRED).
    private static func unixListener(_ path: String) -> PeerIdentity? {
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { return nil }
        defer { close(probe) }
        guard unsafe SocketAddress.unix(path: path).withSockAddr({ unsafe connect(probe, $0, $1) }) == 0 else { return nil }
        return PeerIdentity.ofUnixPeer(probe)
    }

    /// The process with a descriptor of this socket; the first process of the system holds the sockets of all socket units, and is named
    /// only where nobody else has this one.
    private static func process(holding inode: UInt32) -> Int32? {
        let wanted = "socket:[\(inode)]"
        let holders = Folder.names("/proc").compactMap { Int32($0) }.filter { number in
            Folder.names("/proc/\(number)/fd").contains { link("/proc/\(number)/fd/\($0)") == wanted }
        }
        return holders.first { $0 != 1 } ?? holders.first
    }

    private static func link(_ path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: 64)
        let count = unsafe readlink(path, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }

    private static func text(_ path: String) -> String? {
        guard let bytes = try? SmallFile(path).bytes(atMost: 64) else { return nil }
        return String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
    }
}
