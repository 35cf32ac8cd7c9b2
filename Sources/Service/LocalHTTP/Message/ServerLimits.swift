/// Every bound the server holds a peer to. It has no defaults: whoever serves says them.
package struct ServerLimits: Sendable, Hashable {
    /// Request line and header together, in bytes.
    package var headerBytes: Int
    /// Field lines in one header, trailers included.
    package var fields: Int
    /// Request body, in bytes after chunked decoding.
    package var bodyBytes: Int
    /// From the first byte of a request to the end of its header.
    package var headerTime: Duration
    /// From the first byte of a request to the end of its body.
    package var requestTime: Duration
    /// How long a connection may lie idle between requests, and how long a peer may leave an answer unread.
    package var idleTime: Duration
    /// Open connections of one event loop.
    package var connections: Int
    /// How long a connection beyond its share must have been idle before it is closed for another.
    package var idleGrace: Duration
    /// How long draining waits for the first request of a connection that has not asked for anything yet.
    package var firstRequestGrace: Duration

    package init(
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
