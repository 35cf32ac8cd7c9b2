/// A configured client: how it is identified, and what it may do.
package struct ClientConfiguration: Sendable, Equatable {
    package enum Permission: String, Sendable, CaseIterable { case read, refresh, admin }

    package var name: String
    /// Any one of them identifies it; none: it is identified by the kernel alone.
    package var keys: [AccessKey] = []
    package var user: String?
    package var group: String?
    package var tokens: [TokenGrant]
    package var permissions: Set<Permission> = [.read]
    package var limits = ClientLimits()
    /// The least life of tokens that the OAuth2 facade gives it, for libraries that renew a while before the end.
    package var minValid: Duration?
    /// systemd units that get tokens as credentials; nil: none.
    package var unit: NamePattern?
    /// Whether this is a reverse proxy that asks before it forwards a request; its forwarding fields are ignored on `/headers`.
    package var answersForwardAuth = false
    /// The per-request inputs that such a proxy passes on from its visitor's query.
    package var passedInputs: Set<String> = []
}
