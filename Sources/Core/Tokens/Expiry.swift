package import Time

/// A token's lifetime, and what it was derived from.
package struct Expiry: Sendable, Equatable {
    package enum Origin: String, Sendable {
        /// A lifetime or a time stated in the answer.
        case field
        case jwt
        /// Stated by the definition or the configuration, not by the partner.
        case configured = "after"
        case never
    }

    package var origin: Origin
    /// Counted from the moment the login request was sent; nil: no end.
    package var lifetime: Duration?
    /// The end the partner stated, by its own clock; nil if it stated none.
    package var stated: WallTime?
    /// How far the local wall clock is ahead of the partner's; nil if that was not measured.
    package var clockSkew: Duration?
    /// Whether the partner sent a `Date` that was not credible.
    package var ignoredPartnerClock = false
    /// Whether the answer's `Age` leaves the token less than 3 s of a longer life: the answer may be an old one.
    package var isAged = false
    /// Whether that `Age` was ignored, since the answer to a second request had it too.
    package var ignoredAge = false
    /// Sources that were there and said nothing usable, in the order they were read.
    package var ignoredSources: [String] = []

    package init(origin: Origin, lifetime: Duration? = nil, stated: WallTime? = nil) {
        self.origin = origin
        self.lifetime = lifetime
        self.stated = stated
    }

    /// Valid lifetimes. A longer one counts as the longest; one that is shorter is a bad reply.
    package static let range: ClosedRange<Duration> = .seconds(3) ... .seconds(400 * 86_400)
}
