/// The right to answer one request later, once, from any thread.
public struct ReplyTicket: Sendable {
    let loop: ServerLoop
    let descriptor: Int32
    let generation: UInt32
    let exchange: UInt64

    /// Passes the response to the connection's loop; has no effect where the connection is closed or was already answered.
    public func deliver(_ response: Response) {
        loop.events.submit { [self] in loop.deliver(response, for: self) }
    }
}
