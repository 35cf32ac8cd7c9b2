/// A handler's decision about a new connection: its context and its share.
public struct Admittance {
    /// Kept with the connection.
    public let context: AnyObject?
    public let share: ConnectionShare
    /// Whether nobody holds the other end: what it sent is read once, and the connection is closed.
    public let isGone: Bool

    public init(context: AnyObject? = nil, share: ConnectionShare, isGone: Bool = false) {
        self.context = context
        self.share = share
        self.isGone = isGone
    }
}
