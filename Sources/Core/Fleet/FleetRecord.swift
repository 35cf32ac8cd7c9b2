package import Store

/// What the store holds of one login.
package struct FleetRecord: Sendable {
    package let token: StoredToken
    /// The store's revision that wrote it; grows with each write.
    package let revision: Int64
    /// How long ago it was written, as far as the store's own time tells; at most a second less.
    package let age: Duration

    package init(token: StoredToken, revision: Int64, age: Duration) {
        self.token = token
        self.revision = revision
        self.age = age
    }

    package var name: FleetName { FleetName(token.name, login: token.login) }
}
