import BrokerDaemon
import Files
import Glibc
import LocalHTTP
import TestSupport
import Testing

/// Sockets of a service manager (sd_listen_fds(3)).
@Suite struct InheritedSocketsTests {
    @Test func `sockets are taken over where they are meant for this process`() throws {
        let manager = try Listener(try #require(SocketAddress(loopback: "127.0.0.1:0")))
        func take(_ more: [String: String], first: Int32) throws -> [Listener] {
            try InheritedSockets(environment: ["LISTEN_PID": "7", "LISTEN_FDS": "1"].merging(more) { $1 }, process: 7, first: first).listeners
        }
        #expect(try take(["LISTEN_PID": "8"], first: manager.descriptor).isEmpty)
        #expect(try take(["LISTEN_FDS": "0"], first: manager.descriptor).isEmpty)
        for more in [[:], ["LISTEN_FDNAMES": "api"], ["LISTEN_FDNAMES": "tokenbroker.socket"]] {
            #expect(try take(more, first: dup(manager.descriptor)).map(\.address) == [manager.address])
        }
        #expect(throws: SystemCallError.self) { try take(["LISTEN_FDNAMES": "varlink"], first: manager.descriptor) }
    }
}
