/// A lock that another host holds.
package struct HeldLock: Sendable, Equatable {
    /// Names this holding of it: the next one has another revision.
    package let revision: Int64
    /// Who holds it, for people to read.
    package let holder: String

    /// The text of a lock may change while it is held.
    package static func == (one: HeldLock, other: HeldLock) -> Bool { one.revision == other.revision }

    package init(revision: Int64, holder: String) {
        self.revision = revision
        self.holder = holder
    }
}
