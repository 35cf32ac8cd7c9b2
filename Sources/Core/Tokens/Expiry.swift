package import Time

/// What was found out about a token's end of life.
package struct Expiry: Sendable, Equatable {
    package enum Origin: String, Sendable {
        /// A number of seconds, or a moment, in the answer.
        case field
        case jwt
        /// Said by the definition or the configuration, not by the partner.
        case configured = "after"
        case never
    }

    package var origin: Origin
    /// From the moment the login request was sent; nil: no end.
    package var lifetime: Duration?
    /// The moment the partner stated, by its own clock; nil where it stated none.
    package var stated: WallTime?
    /// How far the local wall clock is ahead of the partner's, where that was measured.
    package var clockSkew: Duration?
    /// The partner's `Date` was there and could not be believed.
    package var ignoredPartnerClock = false

    package init(origin: Origin, lifetime: Duration? = nil, stated: WallTime? = nil) {
        self.origin = origin
        self.lifetime = lifetime
        self.stated = stated
    }

    /// A lifetime outside of it is a bad reply.
    package static let range: ClosedRange<Duration> = .seconds(3) ... .seconds(400 * 86_400)
}
