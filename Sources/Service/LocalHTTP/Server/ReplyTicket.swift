/// The right to answer one request later, from anywhere, once.
public struct ReplyTicket: Sendable {
    let loop: ServerLoop
    let descriptor: Int32
    let generation: UInt32
    let exchange: UInt64

    /// Hands the answer to the connection's loop; without effect when the connection is gone or was answered already.
    public func deliver(_ response: Response) {
        loop.events.submit { [self] in loop.deliver(response, for: self) }
    }
}
