package import Configuration
import Glibc
package import LocalHTTP
import Secrets

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
        let pairs = clients.enumerated().compactMap { index, client in client.keyDigest.map { ($0, [index]) } }
        indicesByDigest = Dictionary(pairs) { $0 + $1 }
    }

    /// - Parameter key: the bytes after `Bearer `; nil where the request has no Authorization.
    /// - Returns: nil for an unknown caller.
    package func caller(identity: PeerIdentity?, transport: Peer.Transport, key: [UInt8]?) -> Caller? {
        var matched: [Int] = []
        if let key {
            let digest = Digest.sha256(key)
            // The digest of a guess tells nothing about another key's, so that the table's own comparison gives nothing away.
            matched = indicesByDigest[digest, default: []].filter { index in
                clients[index].keyDigest.map { ConstantTime.areEqual($0, digest) } ?? false && matches(index, identity)
            }
            if matched.isEmpty { return nil }
        } else {
            matched = clients.indices.filter { clients[$0].keyDigest == nil && matches($0, identity) }
        }
        var caller = Caller(clients: matched, identity: identity)
        let isTrusted = identity.map { $0.user == 0 || $0.user == ownUser } ?? false
        caller.isOperator = isTrusted && transport == .unix
        caller.isOwner = isTrusted && !hasClients
        return matched.isEmpty && !caller.isOperator && !caller.isOwner ? nil : caller
    }

    /// The clients that are identified as these were: by the same name, key, user and group.
    func indices(of earlier: [ClientConfiguration]) -> [Int] {
        clients.indices.filter { index in
            let client = clients[index]
            return earlier.contains {
                $0.name == client.name && $0.keyDigest == client.keyDigest && $0.user == client.user && $0.group == client.group
            }
        }
    }

    /// Whether a key could identify this peer as a caller, which decides between 401 and 403.
    func acceptsKey(from identity: PeerIdentity?) -> Bool {
        clients.indices.contains { clients[$0].keyDigest != nil && matches($0, identity) }
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
