package import Store
package import Time

/// The stored record of a shared login.
package struct FleetRecord: Sendable {
    package let token: StoredToken
    /// The store's revision at which it was written; increases with each write.
    package let revision: Int64
    /// When the record was made, on this host's boot-time clock, by the age that the store's clock gives it; too late by at most one second.
    ///
    /// A moment, not an age: records wait in queues, and machines sleep.
    package let made: BootInstant

    /// The age of a record whose time cannot be told: no token lives longer.
    package static let unknownAge = Duration.seconds(400 * 86_400)

    package init(token: StoredToken, revision: Int64, made: BootInstant) {
        self.token = token
        self.revision = revision
        self.made = made
    }

    package var name: FleetName { FleetName(token.name, login: token.login) }
}
