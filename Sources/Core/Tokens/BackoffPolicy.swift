/// How long to wait after a failed login (refresh.md, "When a login fails"). Pure.
package enum BackoffPolicy {
    /// The token that is still alive while a login fails.
    package struct Living: Sendable {
        package var remaining: Duration
        package var lifetime: Duration

        package init(remaining: Duration, lifetime: Duration) {
            self.remaining = remaining
            self.lifetime = lifetime
        }
    }

    /// The pause after the `count`-th failure in a row, for every class that is retried automatically.
    ///
    /// - Parameters:
    ///   - count: failures in a row, including this one: 1 and up.
    ///   - living: the token in hand; nil if none is alive.
    package static func delay(
        _ failure: LoginFailure, count: Int, living: Living?, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        switch failure.failureClass {
        case .transient, .timedOut:
            return passing(count, living, cap: .seconds(60), using: &generator)
        case .certificate:
            return passing(count, living, cap: .seconds(300), using: &generator)
        case .badReply:
            guard living == nil else { return passing(count, living, cap: .seconds(60), using: &generator) }
            return spread(doubled(.seconds(5), count, cap: .seconds(300)), using: &generator)
        case .refused:
            return spread(doubled(.seconds(60), count, cap: .seconds(3600)), using: &generator)
        case .throttled:
            return throttled(failure.retryAfter, count, living, using: &generator)
        case .waiting:
            // Up to a tenth later, so that logins waiting for the same thing do not all start at once.
            return max(.milliseconds(200), failure.retryAfter ?? .seconds(5)) * Double.random(in: 1...1.1, using: &generator)
        case .local:
            return .seconds(30)  // only reads local files; no partner is asked
        case .rejected:
            return .seconds(60)
        }
    }

    /// Pauses before each further attempt with rejected credentials; then the login is latched.
    package static func rejectionPauses(loggedInRecently: Bool) -> [Duration] {
        loggedInRecently ? [.seconds(60), .seconds(600)] : [.seconds(60)]
    }

    /// With a living token: min(5 s × 2ⁿ, 5 min, remaining/4), at least min(2 s, L/30). Without one: 1 s × 2ⁿ up to `cap`.
    private static func passing(_ count: Int, _ living: Living?, cap: Duration, using generator: inout some RandomNumberGenerator) -> Duration {
        guard let living else { return spread(doubled(.seconds(1), count, cap: cap), using: &generator) }
        let wanted = min(doubled(.seconds(5), count, cap: .seconds(300)), living.remaining / 4)
        return max(spread(wanted, using: &generator), min(.seconds(2), living.lifetime / 30))
    }

    /// The stated pause up to 24 h, plus up to 10 %. Without one: 60 s × 2ⁿ up to 15 min and, while a token lives, at most half of
    /// its remaining life.
    private static func throttled(
        _ stated: Duration?, _ count: Int, _ living: Living?, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        if let stated {
            // A stated pause of zero must not cause a tight loop.
            let bounded = max(min(stated, .seconds(86_400)), doubled(.seconds(1), count, cap: .seconds(60)))
            return bounded + bounded * Double.random(in: 0...0.1, using: &generator)
        }
        let wanted = doubled(.seconds(60), count, cap: .seconds(900))
        guard let living else { return wanted }
        return max(min(wanted, living.remaining / 2), min(.seconds(2), living.lifetime / 30))
    }

    /// `first`, doubled for every failure in a row after the first, up to `cap`.
    package static func doubled(_ first: Duration, _ count: Int, cap: Duration) -> Duration {
        min(first * (1 << min(max(count, 1) - 1, 20)), cap)
    }

    /// Varies a delay by ±25 %.
    private static func spread(_ delay: Duration, using generator: inout some RandomNumberGenerator) -> Duration {
        delay * Double.random(in: 0.75...1.25, using: &generator)
    }
}
