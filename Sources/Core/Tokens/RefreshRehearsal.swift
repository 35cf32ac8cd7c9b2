import Secrets
import Time

/// The logins of one entry on a simulated clock, by the rules that the daemon follows. Pure.
package struct RefreshRehearsal: Sendable {
    package struct Step: Sendable, Equatable {
        package enum Kind: Sendable, Equatable {
            /// - Parameter left: what was left of the token before it.
            case login(left: Duration?)
            /// - Parameter retry: when the next attempt follows.
            case failure(retry: Duration?, left: Duration?)
            /// The token's life ended without a successor.
            case expiry
        }

        /// Since the beginning.
        package var at: Duration
        package var kind: Kind
    }

    private let policy: RefreshPolicy
    private let lifetime: Duration
    /// When the partner cannot be reached.
    private let outage: Range<Duration>?

    package init(policy: RefreshPolicy, lifetime: Duration, outage: Range<Duration>? = nil) {
        self.policy = policy
        self.lifetime = lifetime
        self.outage = outage
    }

    /// At most 10,000 steps.
    package func steps(for time: Duration, using generator: inout some RandomNumberGenerator) -> [Step] {
        var policy = policy
        policy.idleAfter = nil
        var state = TokenState(policy: policy)
        var (steps, logins) = ([Step](), 0)
        let start = BootInstant(nanoseconds: 1_000_000_000)
        var now = start
        while now - start <= time, steps.count < 10_000 {
            switch state.next(at: now) {
            case .rest: return steps
            case .wait(let until):
                if let deadline = state.token?.deadline, deadline > now, deadline <= until, deadline - start <= time {
                    steps.append(Step(at: deadline - start, kind: .expiry))
                    now = deadline + .nanoseconds(1)
                } else {
                    now = until
                }
            case .login(let trigger):
                let left = state.token?.remaining(at: now).map { max($0, .zero) }
                state.loginBegan(trigger, at: now)
                logins += 1
                if outage?.contains(now - start) ?? false {
                    state.failed(LoginFailure(.transient, "the partner cannot be reached"), trigger: trigger, at: now, using: &generator)
                    let retry = state.nextAttempt(at: now).map { $0 - now }
                    steps.append(Step(at: now - start, kind: .failure(retry: retry, left: left)))
                } else {
                    let draft = TokenDraft(
                        value: Secret("token \(logins)"), expiry: Expiry(origin: .field, lifetime: lifetime), sentAt: now,
                        sentAtWall: WallTime(seconds: 0))
                    guard (try? state.adopt(draft, fingerprint: "\(logins)", trigger: trigger, at: now, using: &generator)) != nil else {
                        return steps
                    }
                    steps.append(Step(at: now - start, kind: .login(left: left)))
                }
            }
        }
        return steps
    }
}
