import Configuration
import LocalHTTP
import Secrets
import TestSupport
import Testing
import Time

@testable import Admission

/// Who asks, by the kernel's word and the key.
@Suite struct CallerIdentifierTests {
    private static let digests = ["alpha", "beta", "beta"].map { Digest.hex(Digest.sha256(Array($0.utf8))) }
    private static let identifier: CallerIdentifier? = {
        let yaml = """
            clients:
              keyed: {key_sha256: \(digests[0]), tokens: ["*"]}
              both: {key_sha256: \(digests[1]), user: "1000", tokens: ["*"]}
              other: {key_sha256: \(digests[2]), user: "1001", tokens: ["*"]}
              uid: {user: "1002", tokens: ["*"]}
            tokens: {}
            """
        return (try? TestConfiguration.read(yaml)).map { CallerIdentifier($0, ownUser: 999) }
    }()

    struct Row: Sendable {
        var user: UInt32?
        var transport = Peer.Transport.loopback
        var key: String?
        /// Places of the clients; nil: nobody known.
        var clients: [Int]?
        var isOperator = false
    }

    static let rows: [Row] = [
        Row(user: nil, key: "alpha", clients: [0]), Row(user: 1, key: "alpha", clients: [0]), Row(user: 1, key: "wrong", clients: nil),
        Row(user: nil, key: nil, clients: nil), Row(user: 1000, key: "beta", clients: [1]), Row(user: 1001, key: "beta", clients: [2]),
        Row(user: 1003, key: "beta", clients: nil), Row(user: nil, key: "beta", clients: nil), Row(user: 1002, key: nil, clients: [3]),
        Row(user: 1000, key: nil, clients: nil), Row(user: 1002, key: "wrong", clients: nil),
        Row(user: 0, transport: .unix, key: nil, clients: [], isOperator: true),
        Row(user: 999, transport: .unix, key: nil, clients: [], isOperator: true),
        Row(user: 0, key: nil, clients: nil), Row(user: 0, transport: .unix, key: "alpha", clients: [0], isOperator: true),
    ]

    @Test(arguments: rows) func `user and key name the clients`(row: Row) throws {
        let identifier = try #require(Self.identifier)
        let caller = identifier.caller(
            identity: row.user.map { PeerIdentity(user: $0) }, transport: row.transport, key: row.key.map { Array($0.utf8) },
            at: WallTime(nanoseconds: 0))
        #expect(caller?.clients == row.clients && (caller?.isOperator ?? false) == row.isOperator && caller?.isOwner ?? false == false)
    }

    @Test func `a key could help where a keyed client fits the user`() throws {
        let identifier = try #require(Self.identifier)
        #expect(identifier.acceptsKey(from: PeerIdentity(user: 7)) && identifier.acceptsKey(from: nil))
        let uidOnly = CallerIdentifier(try TestConfiguration.read("clients: {uid: {user: \"7\", tokens: []}}\ntokens: {}\n"), ownUser: 999)
        #expect(!uidOnly.acceptsKey(from: PeerIdentity(user: 8)))
    }

    @Test func `without clients root and the daemon's own user are owners`() throws {
        let open = CallerIdentifier(try TestConfiguration.read("tokens: {}\n"), ownUser: 999)
        for user: UInt32 in [0, 999] {
            #expect(open.caller(identity: PeerIdentity(user: user), transport: .loopback, key: nil, at: WallTime(nanoseconds: 0))?.isOwner == true)
        }
        #expect(open.caller(identity: PeerIdentity(user: 1000), transport: .unix, key: nil, at: WallTime(nanoseconds: 0)) == nil)
    }

    @Test func `a key counts until its time is over, and another one of the client goes on`() throws {
        let (old, new) = (Digest.hex(Digest.sha256(Array("old".utf8))), Digest.hex(Digest.sha256(Array("new".utf8))))
        let yaml = """
            clients:
              billing: {key_sha256: [\(new), {sha256: \(old), not_after: 2027-01-31T00:00:00Z}], tokens: ["*"]}
            tokens: {}
            """
        let identifier = CallerIdentifier(try TestConfiguration.read(yaml), ownUser: 999)
        let end = try #require(CalendarTime.parseRFC3339("2027-01-31T00:00:00Z"))
        func isKnown(_ key: String, _ wall: WallTime) -> Bool {
            identifier.caller(identity: nil, transport: .loopback, key: Array(key.utf8), at: wall) != nil
        }
        #expect(isKnown("old", end + .nanoseconds(-1)) && !isKnown("old", end))
        let caller = identifier.caller(identity: nil, transport: .loopback, key: Array("old".utf8), at: end + .nanoseconds(-1))
        #expect(caller?.keyMark == String(old.prefix(8)) && caller?.keyEnd == end)
        #expect(isKnown("new", end) && isKnown("new", end + .seconds(1_000_000)))
        for (list, fault) in [
            ("[]", "1 to 4 keys"), ("[{sha256: \(new), not_after: 2027-01-31}]", "RFC 3339"), ("[{not_after: x}]", "sha256 is missing"),
        ] {
            let yaml = "clients: {a: {key_sha256: \(list), tokens: []}}\ntokens: {}\n"
            #expect { try TestConfiguration.read(yaml) } throws: { "\($0)".contains(fault) }
        }
    }
}
