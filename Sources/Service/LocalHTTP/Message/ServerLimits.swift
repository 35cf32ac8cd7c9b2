/// Every bound the server holds a peer to. It has no defaults: whoever serves says them.
public struct ServerLimits: Sendable, Hashable {
    /// Request line and header together, in bytes.
    public var headerBytes: Int
    /// Field lines in one header, trailers included.
    public var fields: Int
    /// Request body, in bytes after chunked decoding.
    public var bodyBytes: Int
    /// From the first byte of a request to the end of its header.
    public var headerTime: Duration
    /// From the first byte of a request to the end of its body.
    public var requestTime: Duration
    /// How long a connection may lie idle between requests, and how long a peer may leave an answer unread.
    public var idleTime: Duration
    /// Open connections of one event loop.
    public var connections: Int
    /// How long a connection beyond its share must have been idle before it is closed for another.
    public var idleGrace: Duration
    /// How long draining waits for the first request of a connection that has not asked for anything yet.
    public var firstRequestGrace: Duration

    public init(
        headerBytes: Int, fields: Int, bodyBytes: Int, headerTime: Duration, requestTime: Duration, idleTime: Duration, connections: Int,
        idleGrace: Duration, firstRequestGrace: Duration
    ) {
        self.headerBytes = headerBytes
        self.fields = fields
        self.bodyBytes = bodyBytes
        self.headerTime = headerTime
        self.requestTime = requestTime
        self.idleTime = idleTime
        self.connections = connections
        self.idleGrace = idleGrace
        self.firstRequestGrace = firstRequestGrace
    }
}
