import Secrets
package import Time
package import Tokens

/// A token's life without actor, clock or network: the machine is stepped, and what it does is counted.
package struct LifeSimulation {
    package var state: TokenState
    package var now = BootInstant(nanoseconds: 1_000_000_000_000)
    package var wall = WallTime(seconds: 1_800_000_000)
    package var generator = SeededGenerator(seed: 7)
    package var attempts: [BootInstant] = []
    /// Moments a caller with no patience would have got nothing or something dead.
    package var gaps = 0

    package init(_ policy: RefreshPolicy = .init()) { state = TokenState(policy: policy) }

    package static func draft(
        _ value: String, lifetime: Duration?, at now: BootInstant, wall: WallTime, origin: Expiry.Origin = .field, stated: WallTime? = nil
    ) -> TokenDraft {
        TokenDraft(value: Secret(value), expiry: Expiry(origin: origin, lifetime: lifetime, stated: stated), sentAt: now, sentAtWall: wall)
    }

    /// Steps to whatever is due next, at most to `end`; the partner answers at once.
    package mutating func run(until end: BootInstant, partner: (_ attempt: Int, _ now: BootInstant) -> Result<TokenDraft, LoginFailure>) {
        while now <= end {
            switch state.next(at: now) {
            case .rest: return
            case .wait(let until):
                check(until: min(until, end))
                now = until
            case .login(let trigger):
                attempts.append(now)
                state.loginBegan(trigger, at: now)
                do throws(LoginFailure) {
                    _ = try state.adopt(try partner(attempts.count, now).get(), fingerprint: "f", trigger: trigger, at: now, using: &generator)
                } catch {
                    state.failed(error, trigger: trigger, at: now, using: &generator)
                }
            }
        }
    }

    /// Whether the token at hand outlives the pause until the next step.
    private mutating func check(until: BootInstant) {
        guard let deadline = state.token?.deadline else { return }
        if deadline < until { gaps += 1 }
    }

    package var pauses: [Double] { zip(attempts.dropFirst(), attempts).map { ($0 - $1).inSeconds } }
}
