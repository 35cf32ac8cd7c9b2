package import Configuration
import Glibc
package import LocalHTTP
import Secrets
package import Time

/// Identifies the caller of a request by the kernel's identity for its connection and by its key.
/// Pure, except that the user database is read when the rules are created.
package struct CallerIdentifier: Sendable {
    let clients: [ClientConfiguration]
    let hasClients: Bool
    private let indicesByDigest: [[UInt8]: [Int]]
    private let users: [UInt32?]
    private let members: [Set<UInt32>?]
    private let ownUser: UInt32

    package init(_ configuration: BrokerConfiguration, ownUser: UInt32 = geteuid()) {
        clients = configuration.clients
        hasClients = configuration.hasClients
        self.ownUser = ownUser
        users = clients.map { $0.user.map { UserDatabase.user($0) ?? .max } }
        members = clients.map { $0.group.map(UserDatabase.members) }
        let pairs = clients.enumerated().flatMap { index, client in client.keys.map { ($0.digest, [index]) } }
        indicesByDigest = Dictionary(pairs) { $0 + $1 }
    }

    /// - Parameters:
    ///   - key: the bytes after `Bearer `; nil where the request has no Authorization.
    ///   - wall: the time now; a key whose time is over identifies nobody.
    /// - Returns: nil for an unknown caller.
    package func caller(identity: PeerIdentity?, transport: Peer.Transport, key: [UInt8]?, at wall: WallTime) -> Caller? {
        var (end, mark) = (WallTime?.none, String?.none)
        var matched: [Int] = []
        if let key {
            let digest = Digest.sha256(key)
            // The digest of a guess tells nothing about another key's, so that the table's own comparison gives nothing away.
            matched = indicesByDigest[digest, default: []].filter { index in
                guard matches(index, identity), let key = clients[index].keys.first(where: { ConstantTime.areEqual($0.digest, digest) }) else {
                    return false
                }
                if let notAfter = key.notAfter {
                    guard wall < notAfter else { return false }
                    end = min(end ?? notAfter, notAfter)
                }
                if clients[index].keys.count > 1 { mark = Digest.hex(digest.prefix(4)) }
                return true
            }
            if matched.isEmpty { return nil }
        } else {
            // A client that is known by its unit alone is nobody here.
            matched = clients.indices.filter { clients[$0].keys.isEmpty && (clients[$0].user ?? clients[$0].group) != nil && matches($0, identity) }
        }
        var caller = Caller(clients: matched, identity: identity)
        (caller.keyEnd, caller.keyMark) = (end, mark)
        let isTrusted = identity.map { $0.user == 0 || $0.user == ownUser } ?? false
        caller.isOperator = isTrusted && transport == .unix
        caller.isOwner = isTrusted && !hasClients
        return matched.isEmpty && !caller.isOperator && !caller.isOwner ? nil : caller
    }

    /// When the time of a key ended that a client had; nil: it is nobody's, or counts.
    func ended(_ key: [UInt8], at wall: WallTime) -> WallTime? {
        let digest = Digest.sha256(key)
        let ends = indicesByDigest[digest, default: []].compactMap { clients[$0].keys.first { $0.digest == digest }?.notAfter }
        return ends.filter { $0 <= wall }.max()
    }

    /// The clients that are identified as these were: by the same name, key, user and group.
    func indices(of earlier: [ClientConfiguration]) -> [Int] {
        clients.indices.filter { index in
            let client = clients[index]
            return earlier.contains {
                $0.name == client.name && !Self.isReplaced($0.keys, by: client.keys) && $0.user == client.user && $0.group == client.group
            }
        }
    }

    /// Whether none of the keys is left that a client had; a client without keys stays one without.
    private static func isReplaced(_ earlier: [AccessKey], by later: [AccessKey]) -> Bool {
        earlier.isEmpty ? !later.isEmpty : !earlier.allSatisfy { key in later.contains { $0.digest == key.digest } }
    }

    /// Whether a key could identify this peer as a caller, which decides between 401 and 403.
    func acceptsKey(from identity: PeerIdentity?) -> Bool {
        clients.indices.contains { !clients[$0].keys.isEmpty && matches($0, identity) }
    }

    /// Whether an identity matches the user and group of a client; a client with neither needs only the key.
    private func matches(_ index: Int, _ identity: PeerIdentity?) -> Bool {
        if let user = users[index], identity?.user != user { return false }
        if let members = members[index] {
            guard let identity, members.contains(identity.user) else { return false }
        }
        return true
    }
}
