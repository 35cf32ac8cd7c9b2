package import Store

/// The stored record of a shared login.
package struct FleetRecord: Sendable {
    package let token: StoredToken
    /// The store's revision at which it was written; increases with each write.
    package let revision: Int64
    /// How long ago it was written by the store's clock; too low by at most one second.
    package let age: Duration

    /// The age of a record whose time cannot be told: no token lives longer.
    package static let unknownAge = Duration.seconds(400 * 86_400)

    package init(token: StoredToken, revision: Int64, age: Duration) {
        self.token = token
        self.revision = revision
        self.age = age
    }

    package var name: FleetName { FleetName(token.name, login: token.login) }
}
