/// A request that was answered without being parsed.
public struct RepeatedRequest {
    /// Its length in bytes.
    public let length: Int
    /// Whether it ends the connection.
    public let closes: Bool

    public init(length: Int, closes: Bool) {
        self.length = length
        self.closes = closes
    }
}

extension RequestHandler {
    public func respondAgain(to bytes: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer) -> RepeatedRequest? { nil }
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

    /// Answers a request that is byte for byte one it has answered before, without parsing; nil where it does not know it.
    ///
    /// The parser is a function of the bytes, the limits and the transport, so that what it found once holds for the same bytes. Only complete
    /// requests without a body may be answered so.
    ///
    /// - Parameter bytes: what has arrived, from the beginning of a request on; valid during the call only.
    func respondAgain(to bytes: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer) -> RepeatedRequest?

    /// The response to a message that cannot be read; the connection is closed after it.
    func refuse(_ fault: MessageFault) -> Response
}
