/// A group of connections that are counted together, and the limit on how many may be open at once.
public struct ConnectionShare: Sendable, Hashable {
    public enum Owner: Sendable, Hashable {
        /// Peers that are not identified yet.
        case strangers
        case user(UInt32)
        /// A party that the handler names.
        case party(String)
    }

    public let owner: Owner
    public let limit: Int

    public init(_ owner: Owner, limit: Int) {
        self.owner = owner
        self.limit = limit
    }
}
