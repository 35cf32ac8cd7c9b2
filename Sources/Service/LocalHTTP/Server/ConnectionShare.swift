/// Whose connections count together, and how many of them may be open at once.
package struct ConnectionShare: Sendable, Hashable {
    package enum Owner: Sendable, Hashable {
        /// Everybody of whom nothing is known yet.
        case strangers
        case user(UInt32)
        /// A party the handler has a name for.
        case party(String)
    }

    package let owner: Owner
    package let limit: Int

    package init(_ owner: Owner, limit: Int) {
        self.owner = owner
        self.limit = limit
    }
}
