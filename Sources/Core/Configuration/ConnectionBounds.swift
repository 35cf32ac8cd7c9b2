import Secrets
package import Time

/// Bounds of the REST endpoint (security.md, "Admission").
package struct ConnectionBounds: Sendable, Equatable {
    package var headerBytes = 16 * 1024
    package var fields = 100
    package var bodyBytes = 64 * 1024
    package var headerTime = Duration.seconds(5)
    package var requestTime = Duration.seconds(10)
    package var idleTime = Duration.seconds(60)
    package var connections = 1024
    /// How long a connection beyond its share must have been idle before it is closed for another.
    package var idleGrace = Duration.seconds(1)
    /// How long a stop waits for the first request of a connection that has not asked for anything yet.
    package var firstRequestGrace = Duration.milliseconds(250)
    /// Of them for callers whom no rule knows by user and who showed no valid key yet, together.
    package var strangerConnections = 256
    /// Of them for one user, or for one client where the kernel cannot tell the user.
    package var userConnections = 512
    /// Requests that wait for their answer at once, in all.
    package var waiting = 4096
    /// Requests of one user refused for want of identity; beyond it they get 429.
    package var refusals = Rate(count: 20, period: .seconds(1))

    package init() {}
}
