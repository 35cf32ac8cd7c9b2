/// How long to wait after a failed login. Pure.
package enum BackoffPolicy {
    /// What is in hand while a login fails.
    package enum Holding: Sendable {
        case living(remaining: Duration, lifetime: Duration)
        /// A token that died this long ago.
        case dead(since: Duration)
        case nothing
    }

    /// The pause after a failure, for every class that is retried automatically.
    ///
    /// - Parameter count: failures on this ladder, including this one: 1 and up.
    package static func delay(
        _ failure: LoginFailure, count: Int, holding: Holding, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        switch failure.failureClass {
        case .transient, .timedOut:
            return max(failure.retryAfter ?? .zero, passing(count, holding, cap: .seconds(60), using: &generator))
        case .certificate:
            return passing(count, holding, cap: .seconds(300), using: &generator)
        case .badReply:
            if case .living = holding { return passing(count, holding, cap: .seconds(60), using: &generator) }
            return spread(doubled(.seconds(5), count, cap: .seconds(300)), using: &generator)
        case .refused:
            return spread(doubled(.seconds(60), count, cap: .seconds(3600)), using: &generator)
        case .throttled:
            return throttled(failure.retryAfter, count, holding, using: &generator)
        case .waiting where failure.hasTurn: return max(.milliseconds(1), failure.retryAfter ?? .zero)
        case .waiting:
            // Up to a tenth later, so that logins waiting for the same thing do not all start at once.
            return max(.milliseconds(200), failure.retryAfter ?? .seconds(5)) * Double.random(in: 1...1.1, using: &generator)
        case .local:
            // Only this host is asked: a command, or a file that no watch sees.
            return passing(count, holding, cap: .seconds(30), using: &generator)
        case .rejected:
            return .seconds(60)
        }
    }

    /// Pauses before each further attempt with rejected credentials; then the login is latched.
    package static func rejectionPauses(loggedInRecently: Bool) -> [Duration] {
        loggedInRecently ? [.seconds(60), .seconds(600), .seconds(1800)] : [.seconds(60)]
    }

    /// This many refusals in a row (400, 403, 422) latch credentials that never logged in.
    package static let refusalsBeforeLatch = 3

    /// With a living token: min(5 s × 2ⁿ, 5 min, remaining/4), ±25 %, at least min(2 s, L/30). Without one: 1 s × 2ⁿ up to `cap` and to the
    /// time since the token died, up to 25 % earlier.
    private static func passing(_ count: Int, _ holding: Holding, cap: Duration, using generator: inout some RandomNumberGenerator) -> Duration {
        let wanted = doubled(.seconds(1), count, cap: cap)
        switch holding {
        case .living(let remaining, let lifetime):
            let wanted = min(doubled(.seconds(5), count, cap: .seconds(300)), remaining / 4)
            return max(spread(wanted, using: &generator), min(.seconds(2), lifetime / 30))
        case .dead(let since):
            return min(wanted, max(.seconds(1), since)) * Double.random(in: 0.75...1, using: &generator)
        case .nothing:
            return wanted * Double.random(in: 0.75...1, using: &generator)
        }
    }

    /// The stated pause up to 24 h, plus up to 10 %. Without one: 60 s × 2ⁿ up to 15 min and, while a token lives, at most half of
    /// its remaining life.
    private static func throttled(
        _ stated: Duration?, _ count: Int, _ holding: Holding, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        if let stated {
            // A stated pause of zero must not cause a tight loop.
            let bounded = max(min(stated, .seconds(86_400)), doubled(.seconds(1), count, cap: .seconds(60)))
            return bounded + bounded * Double.random(in: 0...0.1, using: &generator)
        }
        let wanted = doubled(.seconds(60), count, cap: .seconds(900))
        guard case .living(let remaining, let lifetime) = holding else { return wanted }
        return max(min(wanted, remaining / 2), min(.seconds(2), lifetime / 30))
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
