package import Time

/// Limits on one client; nil: unlimited.
package struct ClientLimits: Sendable, Hashable {
    package var requests: Rate?
    /// Requests in flight.
    package var inFlight: Int?
    package var connections: Int?

    package init() {}
}
