/// Every bound the server holds a peer to. One struct, so that all of them are configured in one place.
package struct ServerLimits: Sendable, Hashable {
    /// Request line and header together, in bytes.
    package var headerBytes = 16 * 1024
    /// Field lines in one header, trailers included.
    package var fields = 100
    /// Request body, in bytes after chunked decoding.
    package var bodyBytes = 64 * 1024
    /// From the first byte of a request to the end of its header.
    package var headerTime = Duration.seconds(5)
    /// From the first byte of a request to the end of its body.
    package var requestTime = Duration.seconds(10)
    /// How long a connection may lie idle between requests, and how long a peer may leave an answer unread.
    package var idleTime = Duration.seconds(60)
    /// Open connections of one event loop.
    package var connections = 1024
    /// How long a connection beyond its share must have been idle before it is closed for another.
    package var idleGrace = Duration.seconds(1)
    /// How long draining waits for the first request of a connection that has not asked for anything yet.
    package var firstRequestGrace = Duration.milliseconds(250)

    package init() {}
}
