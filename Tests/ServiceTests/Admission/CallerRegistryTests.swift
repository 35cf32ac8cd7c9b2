import Glibc
import Observability
import TestSupport
import Testing

@testable import Admission
@testable import LocalHTTP

/// Whom a new connection counts towards, by the kernel's word.
@Suite struct CallerRegistryTests {
    private static func rules(_ clients: String) throws -> AdmissionRules {
        let yaml = "limits: {user_connections: 5, stranger_connections: 4}\n\(clients)\ntokens: {}\n"
        return AdmissionRules(try TestConfiguration.read(yaml), tokens: [])
    }

    private func withSocket(_ body: (Int32) throws -> Void) throws {
        var pair: [Int32] = [-1, -1]
        try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        defer { for descriptor in pair { close(descriptor) } }
        try body(pair[0])
    }

    @Test func `a peer on a unix socket counts towards its user, or towards its client's own limit`() throws {
        let user = geteuid()
        try withSocket { descriptor in
            let registry = CallerRegistry(try Self.rules("clients: {me: {user: \"\(user)\", tokens: []}}"), version: 1, metrics: RequestMetrics())
            let first = registry.admit(Peer(transport: .unix, descriptor: descriptor))
            #expect(first.share == ConnectionShare(.user(user), limit: 5))
            registry.update(try Self.rules("clients: {me: {user: \"\(user)\", tokens: [], limits: {connections: 7}}}"), version: 2)
            let second = registry.admit(Peer(transport: .unix, descriptor: descriptor))
            #expect(second.share == ConnectionShare(.party("me"), limit: 7))
        }
    }

    @Test func `a peer the kernel cannot name counts towards the strangers`() throws {
        try withSocket { descriptor in
            let registry = CallerRegistry(
                try Self.rules("clients: {me: {user: \"\(geteuid())\", tokens: []}}"), version: 1, metrics: RequestMetrics())
            // No TCP connection, so the kernel names no owner of its other end.
            let admittance = registry.admit(Peer(transport: .loopback, descriptor: descriptor))
            #expect(admittance.share == ConnectionShare(.strangers, limit: 4))
        }
    }
}
