import Secrets
package import Time

/// What one client is held to; nil: nothing.
package struct ClientLimits: Sendable, Hashable {
    package var requests: Rate?
    /// Requests being answered at once.
    package var inFlight: Int?
    package var connections: Int?

    package init() {}
}
