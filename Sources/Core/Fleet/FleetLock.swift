/// The right to log in for a limited time. Its revision is a fencing token: once another host has held the lock, nothing is written under it.
package struct FleetLock: Sendable, Equatable {
    package let name: FleetName
    package let lease: Int64
    package let revision: Int64
    /// Who held it until this host broke it; nil: nobody.
    package let broken: String?

    package init(name: FleetName, lease: Int64, revision: Int64, broken: String? = nil) {
        self.name = name
        self.lease = lease
        self.revision = revision
        self.broken = broken
    }
}
