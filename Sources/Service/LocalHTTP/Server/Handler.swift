/// Who is at the other end, as far as the socket itself tells.
package struct Peer: Sendable {
    package enum Transport: Sendable { case loopback, unix }
    package let transport: Transport
    /// The connection's own descriptor, open while the connection is: for asking the kernel about it.
    package let descriptor: Int32
}

extension RequestHandler {
    package func ended(_ connection: Connection, _ end: ConnectionEnd) {}
    package func end() {}
}

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

/// What becomes of a request.
package enum Reply {
    /// The whole answer already stands in the output buffer, `Connection: close` included where the request ends the connection.
    case written
    case response(Response)
    /// A `ReplyTicket` taken from the connection will bring the answer; until then the connection reads no further.
    case later
    /// What stands in the output buffer is sent as it is, and the connection closed: for breaking off.
    case hangUp
}

/// Answers requests on one event loop: called only there, never concurrently, and never to block.
package protocol RequestHandler: AnyObject {
    /// Called once a connection, before its first request.
    func accept(_ peer: Peer) -> Admittance

    /// Called once a connection, after it was closed.
    func ended(_ connection: Connection, _ end: ConnectionEnd)

    /// Called before the requests of one readiness batch are answered.
    func begin(_ time: LoopTime)

    /// Called after the requests of one readiness batch were answered.
    func end()

    /// Answers one request.
    ///
    /// - Parameters:
    ///   - head: ranges into `bytes`.
    ///   - bytes: the request message; valid during the call only.
    ///   - body: the decoded body.
    func respond(
        to head: borrowing RequestHead, bytes: Span<UInt8>, body: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer
    ) -> Reply

    /// The answer to a message that cannot be read; the connection is closed after it.
    func refuse(_ fault: MessageFault) -> Response
}

/// The clocks as read once a batch: nanoseconds.
package struct LoopTime: Sendable {
    /// CLOCK_BOOTTIME.
    package var boot: Int64 = 0
    /// CLOCK_REALTIME, since 1970.
    package var wall: Int64 = 0

    package init() {}
}

/// The right to answer one request later, from anywhere, once.
package struct ReplyTicket: Sendable {
    let loop: ServerLoop
    let descriptor: Int32
    let generation: UInt32
    let exchange: UInt64

    /// Hands the answer to the connection's loop; without effect when the connection is gone or was answered already.
    package func deliver(_ response: Response) {
        loop.events.submit { [self] in loop.deliver(response, for: self) }
    }
}
