/// Every limit the server enforces on a peer. There are no defaults: the caller of the server states them.
public struct ServerLimits: Sendable, Hashable {
    /// The request line and the header together, in bytes.
    public var headerBytes: Int
    /// Field lines in one header, and in the trailers.
    public var fields: Int
    /// The request body, in bytes after chunked decoding.
    public var bodyBytes: Int
    /// The time from the first byte of a request to the end of its header.
    public var headerTime: Duration
    /// The time from the first byte of a request to the end of its body.
    public var requestTime: Duration
    /// How long a connection may be idle between requests, and how long a peer may leave a response unread.
    public var idleTime: Duration
    /// Open connections of one event loop.
    public var connections: Int
    /// Bytes of unread requests and unsent responses that the connections of one share hold together.
    public var shareBytes: Int
    /// How long a connection beyond its share must have been idle before it is closed in favour of a new one.
    public var idleGrace: Duration
    /// How long draining waits for the first request of a connection that has sent none yet.
    public var firstRequestGrace: Duration

    public init(
        headerBytes: Int, fields: Int, bodyBytes: Int, headerTime: Duration, requestTime: Duration, idleTime: Duration, connections: Int,
        shareBytes: Int, idleGrace: Duration, firstRequestGrace: Duration
    ) {
        self.headerBytes = headerBytes
        self.fields = fields
        self.bodyBytes = bodyBytes
        self.headerTime = headerTime
        self.requestTime = requestTime
        self.idleTime = idleTime
        self.connections = connections
        self.shareBytes = shareBytes
        self.idleGrace = idleGrace
        self.firstRequestGrace = firstRequestGrace
    }
}
