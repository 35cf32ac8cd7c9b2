/// Whose connections count together, and how many of them may be open at once.
public struct ConnectionShare: Sendable, Hashable {
    public enum Owner: Sendable, Hashable {
        /// Everybody of whom nothing is known yet.
        case strangers
        case user(UInt32)
        /// A party the handler has a name for.
        case party(String)
    }

    public let owner: Owner
    public let limit: Int

    public init(_ owner: Owner, limit: Int) {
        self.owner = owner
        self.limit = limit
    }
}
