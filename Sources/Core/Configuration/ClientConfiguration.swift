import Secrets
import Time

package struct ClientConfiguration: Sendable, Equatable {
    package enum Permission: String, Sendable, CaseIterable { case read, refresh, admin }

    package var name: String
    /// SHA-256 of the key's bytes.
    package var keyDigest: [UInt8]?
    package var user: String?
    package var group: String?
    package var tokens: [TokenGrant]
    package var permissions: Set<Permission> = [.read]
    package var limits = ClientLimits()
    /// A reverse proxy that asks before it passes a request on: its forwarding fields are ignored on `/headers`.
    package var answersForwardAuth = false
}
