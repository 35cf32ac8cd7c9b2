/// What a handler makes of a new connection.
public struct Admittance {
    /// Stays with the connection.
    public let context: AnyObject?
    public let share: ConnectionShare

    public init(context: AnyObject? = nil, share: ConnectionShare) {
        self.context = context
        self.share = share
    }
}
