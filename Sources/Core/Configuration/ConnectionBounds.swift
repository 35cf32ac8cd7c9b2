package import Time

/// Bounds of the REST endpoint.
package struct ConnectionBounds: Sendable, Equatable {
    package var headerBytes = 16 * 1024
    package var fields = 100
    package var bodyBytes = 64 * 1024
    package var headerTime = Duration.seconds(5)
    package var requestTime = Duration.seconds(10)
    package var idleTime = Duration.seconds(60)
    package var connections = 1024
    /// How long a connection beyond its share must have been idle before it is closed to make room for another.
    package var idleGrace = Duration.seconds(1)
    /// How long a stop waits for the first request on a connection that has sent none yet.
    package var firstRequestGrace = Duration.milliseconds(250)
    /// Share of `connections` for all callers that no rule identifies by user and that have not yet sent a valid key.
    package var strangerConnections = 256
    /// Share of `connections` for one user, or for one client whose user the kernel does not know.
    package var userConnections = 512
    /// Bytes of requests that are not complete and of responses that are not read, of all connections of one share together. At least four
    /// requests of the greatest size are held, whatever is configured.
    package var shareBytes = 16 * 1024 * 1024
    /// Total number of requests that wait for an answer.
    package var waiting = 4096
    /// Rate of one user's requests that are refused for lack of identity; beyond it they get 429.
    package var refusals = Rate(count: 20, period: .seconds(1))

    package init() {}
}
