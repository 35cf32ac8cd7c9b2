package import Configuration
import Glibc
package import LocalHTTP
import Secrets

/// Finds the caller of a request from its connection's kernel identity and its key (security.md, "Admission" 4). Pure but for
/// the user database, which is read when the rules are made.
package struct CallerIdentifier: Sendable {
    let clients: [ClientConfiguration]
    private let hasClients: Bool
    private let keyed: [[UInt8]: [Int]]
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
        keyed = Dictionary(pairs) { $0 + $1 }
    }

    /// - Parameter key: the bytes after `Bearer `; nil where the request has no Authorization.
    /// - Returns: nil for nobody known.
    package func caller(identity: PeerIdentity?, transport: Peer.Transport, key: [UInt8]?) -> Caller? {
        var matched: [Int] = []
        if let key {
            let digest = Digest.sha256(key)
            for (stored, indices) in keyed where stored == digest && ConstantTime.areEqual(stored, digest) {
                matched = indices.filter { fits($0, identity) }
            }
            if matched.isEmpty { return nil }
        } else {
            matched = clients.indices.filter { clients[$0].keyDigest == nil && fits($0, identity) }
        }
        var caller = Caller(clients: matched, identity: identity)
        let isTrusted = identity.map { $0.user == 0 || $0.user == ownUser } ?? false
        caller.isOperator = isTrusted && transport == .unix
        caller.isOwner = isTrusted && !hasClients
        return matched.isEmpty && !caller.isOperator && !caller.isOwner ? nil : caller
    }

    /// Whether a key could make a caller of this peer: it decides between 401 and 403.
    func takesKey(from identity: PeerIdentity?) -> Bool {
        clients.indices.contains { clients[$0].keyDigest != nil && fits($0, identity) }
    }

    /// Whether user and group of a rule hold; a rule without either asks for the key alone.
    private func fits(_ index: Int, _ identity: PeerIdentity?) -> Bool {
        if let user = users[index], identity?.user != user { return false }
        if let members = members[index] {
            guard let identity, members.contains(identity.user) else { return false }
        }
        return true
    }
}
