import CTLS
import Glibc
import TestSupport
import Testing

@testable import LocalHTTP

/// What the kernel says of the other end of real connections.
@Suite struct PeerIdentityTests {
    /// A listener, a client connected to it, and the accepted end.
    private final class Pair {
        let listener: Listener
        var client: Int32
        let accepted: Int32

        init(_ address: SocketAddress) throws {
            listener = try Listener(address)
            client = socket(listener.address.family, Int32(SOCK_STREAM.rawValue), 0)
            let descriptor = client
            try #require(unsafe listener.address.withSockAddr { unsafe connect(descriptor, $0, $1) } == 0)
            var ready = pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&ready, 1, 5000)
            accepted = accept(listener.descriptor, nil, nil)
            try #require(accepted >= 0)
        }

        func closeClient() {
            if client >= 0 { close(client) }
            client = -1
        }

        deinit {
            closeClient()
            close(accepted)
        }
    }

    static let loopbacks: [SocketAddress] = [.loopback4(host: [127, 0, 0, 1], port: 0), .loopback6(port: 0)]

    private static func user(of descriptor: Int32) -> UInt32? {
        guard var diagnosis = SocketDiagnosis() else { return nil }
        guard case .identified(let identity) = diagnosis.peer(of: descriptor) else { return nil }
        return identity.user
    }

    @Test(arguments: loopbacks) func `a loopback connection names its user`(address: SocketAddress) throws {
        let pair = try Pair(address)
        #expect(Self.user(of: pair.accepted) == geteuid())
        // The other way round it is the same user's too: this process holds both ends.
        #expect(Self.user(of: pair.client) == geteuid())
    }

    @Test(arguments: loopbacks) func `a client that has sent and closed is nobody`(address: SocketAddress) throws {
        let pair = try Pair(address)
        _ = unsafe send(pair.client, "GET / HTTP/1.1\r\n\r\n", 18, 0)
        pair.closeClient()
        // It is closed once no child that other tests just spawned holds a copy of it.
        var closed = pollfd(fd: pair.accepted, events: Int16(0x2000), revents: 0)  // POLLRDHUP
        #expect(unsafe poll(&closed, 1, 10_000) == 1)
        #expect(Self.user(of: pair.accepted) == nil)
    }

    @Test func `a client that has only shut its sending side is nobody`() throws {
        let pair = try Pair(.loopback4(host: [127, 0, 0, 1], port: 0))
        shutdown(pair.client, Int32(SHUT_WR))
        #expect(Self.user(of: pair.accepted) == nil)
    }

    @Test func `what is no loopback TCP connection is nobody`() throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        let unix = try Pair(.unix(path: "\(folder)/s"))
        #expect(Self.user(of: unix.accepted) == nil)
        #expect(Self.user(of: unix.listener.descriptor) == nil)
        #expect(Self.user(of: 0) == nil)
        #expect(PeerIdentity.ofUnixPeer(unix.accepted) == PeerIdentity(user: geteuid(), group: getegid(), process: getpid()))
    }

    @Test(.enabled(if: geteuid() == 0, "needs root: it makes a network namespace"))
    func `a connection of another network namespace is nobody`() async throws {
        let pair = try Pair(.loopback4(host: [127, 0, 0, 1], port: 0))
        let accepted = pair.accepted
        // A thread of its own leaves for an empty namespace; its netlink socket sees that one alone.
        let (left, user) = try await blocking { () -> (Int32, UInt32?) in (test_leave_network(), Self.user(of: accepted)) }
        #expect(left == 0)
        #expect(user == nil)
        #expect(Self.user(of: accepted) == 0)
    }
}
