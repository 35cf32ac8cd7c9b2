/// What a handler makes of a new connection.
package struct Admittance {
    /// Stays with the connection.
    package let context: AnyObject?
    package let share: ConnectionShare

    package init(context: AnyObject? = nil, share: ConnectionShare) {
        self.context = context
        self.share = share
    }
}
