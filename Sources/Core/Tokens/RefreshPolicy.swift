package import Time

/// When a token is renewed, and how much life it must have left to be served. Pure; L is the lifetime.
package struct RefreshPolicy: Sendable, Hashable {
    /// Replaces L/3 if set; never more than L/2.
    package var margin: Duration?
    package var marginCap = Duration.seconds(7200)
    /// The fraction of the margin by which a renewal may come earlier, 0...1.
    package var jitter = 0.1
    /// How long after its last request a token is no longer renewed; nil: it is always renewed.
    package var idleAfter: Duration?
    package var latchedRetry = LatchedRetry.byCause
    /// How often the session is prolonged, where the provider can; nil: it is not.
    package var prolongEvery: Duration?

    /// How often a latched login is retried.
    package enum LatchedRetry: Sendable, Hashable {
        /// Every hour for credentials that logged in within 7 days; else every 6 h, or every 30 min if only refusals led to the latch.
        case byCause
        case every(Duration)
        case never
    }

    package init() {}

    /// The margin: min(L/3, cap), for example 5 min of 15 min, or 2 h of 24 h.
    package func margin(of lifetime: Duration) -> Duration {
        min(min(margin ?? lifetime / 3, lifetime / 2), marginCap)
    }

    /// When to renew: the margin before the end, or earlier by up to `jitter` of the margin.
    ///
    /// - Parameter draw: 0..<1, drawn once per token.
    package func refreshTime(issuedAt: BootInstant, lifetime: Duration, draw: Double) -> BootInstant {
        let margin = margin(of: lifetime)
        return issuedAt + (lifetime - margin - margin * (jitter * draw))
    }

    /// With no more than this left, a caller waits for the next token: max(1 s, min(10 s, L/6)).
    package static func floor(of lifetime: Duration) -> Duration {
        max(.seconds(1), min(.seconds(10), lifetime / 6))
    }

    /// When to log in again after the partner returned the same token with the same expiry: after half of the remaining life, at
    /// least min(5 s, L/20), and no later than the end.
    package static func recheck(now: BootInstant, deadline: BootInstant, lifetime: Duration) -> BootInstant {
        let next = now + max((deadline - now) / 2, min(.seconds(5), lifetime / 20))
        return min(next, deadline)
    }
}
