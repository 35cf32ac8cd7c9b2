/// Where a load ended, from which a watch goes on. A revision means something to the member that answered alone: behind one address there may be
/// another cluster.
package struct FleetPosition: Sendable, Equatable {
    package let revision: Int64
    /// The index of the configured endpoint.
    package let member: Int

    package init(revision: Int64, member: Int = 0) {
        self.revision = revision
        self.member = member
    }
}
