/// A handler's decision about a new connection: its context and its share.
public struct Admittance {
    /// Kept with the connection.
    public let context: AnyObject?
    public let share: ConnectionShare

    public init(context: AnyObject? = nil, share: ConnectionShare) {
        self.context = context
        self.share = share
    }
}
