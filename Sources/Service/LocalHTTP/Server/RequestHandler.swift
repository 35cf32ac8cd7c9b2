extension RequestHandler {
    public func delivered(_ connection: Connection) {}
    public func ended(_ connection: Connection, _ end: ConnectionEnd) {}
    public func end() {}
}

/// Answers requests on one event loop. It is called only there, never concurrently, and must not block.
public protocol RequestHandler: AnyObject {
    /// Called once for each connection, before its first request.
    func accept(_ peer: Peer) -> Admittance

    /// Called once for each connection, after it was closed.
    func ended(_ connection: Connection, _ end: ConnectionEnd)

    /// Called when the response of a `ReplyTicket` has been delivered.
    func delivered(_ connection: Connection)

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

    /// The response to a message that cannot be read; the connection is closed after it.
    func refuse(_ fault: MessageFault) -> Response
}
