package import Time

/// When a token is renewed, and how much life a caller must be given (refresh.md). Pure; L is the lifetime.
package struct RefreshPolicy: Sendable, Hashable {
    /// Used in place of L/3 where given; never more than L/2.
    package var margin: Duration?
    package var marginCap = Duration.seconds(7200)
    /// The part of the margin by which a renewal may come earlier, 0...1.
    package var jitter = 0.1
    /// After how long without a question a token is no longer renewed; nil: never.
    package var idleAfter: Duration?
    /// How often a latched login is tried; nil: never.
    package var latchedRetry: Duration? = .seconds(6 * 3600)

    package init() {}

    /// min(L/3, cap): 5 min of 15, 2 h of 24.
    package func margin(of lifetime: Duration) -> Duration {
        min(min(margin ?? lifetime / 3, lifetime / 2), marginCap)
    }

    /// When to renew: the margin before the end, and up to `jitter` of the margin earlier.
    ///
    /// - Parameter draw: 0..<1, drawn once a token.
    package func refreshTime(issuedAt: BootInstant, lifetime: Duration, draw: Double) -> BootInstant {
        let margin = margin(of: lifetime)
        return issuedAt + (lifetime - margin - margin * (jitter * draw))
    }

    /// Less than this left, and a caller waits for the next token instead: max(1 s, min(10 s, L/6)).
    package static func floor(of lifetime: Duration) -> Duration {
        max(.seconds(1), min(.seconds(10), lifetime / 6))
    }

    /// When to look again after the partner gave the same token with the same end: after half of what remains, at
    /// least min(5 s, L/20), and once more at the end.
    package static func recheck(now: BootInstant, deadline: BootInstant, lifetime: Duration) -> BootInstant {
        let next = now + max((deadline - now) / 2, min(.seconds(5), lifetime / 20))
        return min(next, deadline)
    }
}
