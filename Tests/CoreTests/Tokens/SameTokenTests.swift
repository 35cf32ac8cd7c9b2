import TestSupport
import Testing
import Time
import Tokens

/// What an answer with the token in hand changes.
@Suite struct SameTokenTests {
    /// A state that holds the token "a" for a life from an answer.
    private func held(_ lifetime: Duration, _ origin: Expiry.Origin = .field, stated: WallTime? = nil, skew: Duration? = nil) throws -> LifeSimulation
    {
        var life = LifeSimulation()
        var draft = LifeSimulation.draft("a", lifetime: lifetime, at: life.now, wall: life.wall, origin: origin, stated: stated)
        draft.expiry.clockSkew = skew
        _ = try life.state.adopt(draft, fingerprint: "f", trigger: .schedule, at: life.now, using: &life.generator)
        return life
    }

    /// The same token again, and the life it then has, counted from its issue.
    private func again(
        _ life: inout LifeSimulation, after time: Duration, _ lifetime: Duration, _ origin: Expiry.Origin = .field, stated: WallTime? = nil,
        skew: Duration? = nil, ignoring sources: [String] = []
    ) throws -> Duration? {
        let now = life.now + time
        var draft = LifeSimulation.draft("a", lifetime: lifetime, at: now, wall: life.wall, origin: origin, stated: stated)
        draft.expiry.clockSkew = skew
        draft.expiry.ignoredSources = sources
        _ = try life.state.adopt(draft, fingerprint: "f", trigger: .schedule, at: now, using: &life.generator)
        return life.state.token?.expiry.lifetime
    }

    @Test(arguments: [
        (Duration.seconds(10.2), Duration.seconds(9), Duration.seconds(20)),  // 9.8 s left, in whole seconds
        (.seconds(10), .seconds(8), .seconds(18)), (.seconds(10), .milliseconds(500), .milliseconds(10_500)),
        (.seconds(10), .seconds(11), .seconds(20)),
        (.seconds(10), .zero, .seconds(20)),  // 0 says nothing
    ])
    func `a shorter life counts, but not what whole seconds round away`(time: Duration, left: Duration, life expected: Duration) throws {
        var life = try held(.seconds(20))
        #expect(try again(&life, after: time, left) == expected)
    }

    @Test func `a configured life takes the place of a configured one alone`() throws {
        var stated = try held(.seconds(60))
        #expect(try again(&stated, after: .seconds(59), .seconds(3600), .configured, ignoring: ["/expires_in"]) == .seconds(60))
        var configured = try held(.seconds(60), .configured)
        #expect(try again(&configured, after: .seconds(59), .seconds(3600), .configured) == .seconds(3600))
    }

    @Test func `a token whose stated life is over does not come back by a fallback`() throws {
        var life = try held(.seconds(60))
        #expect(throws: LoginFailure.self) { try again(&life, after: .seconds(61), .seconds(3600), .configured, ignoring: ["/expires_in"]) }
        #expect(!life.state.hasLivingToken(at: life.now + .seconds(61)))
        // Where the partner says nothing about its life any more, it was issued again.
        #expect(try again(&life, after: .seconds(61), .seconds(3600), .configured) == .seconds(3600))
    }

    @Test func `a life of nothing is transient just after the end, and a bad reply for another token`() throws {
        var life = try held(.seconds(20))
        let failure = try #require(throws: LoginFailure.self) { try again(&life, after: .seconds(20.1), .zero) }
        #expect(failure.failureClass == .transient)
        let other = LifeSimulation.draft("b", lifetime: .zero, at: life.now, wall: life.wall)
        let refused = try #require(throws: LoginFailure.self) {
            try life.state.adopt(other, fingerprint: "g", trigger: .schedule, at: life.now, using: &life.generator)
        }
        #expect(refused.failureClass == .badReply && refused.reason.contains("lifetime of 0"))
    }

    @Test func `another clock takes nothing from the same stated end`() throws {
        let end = WallTime(seconds: 1_800_000_600)
        // Measured by the partner's Date once, by the local clock or a wrong Date then.
        for (skew, left) in [(Duration?.none, Duration.seconds(-4400)), (.seconds(500), .seconds(90))] {
            var life = try held(.seconds(595), .jwt, stated: end, skew: .zero)
            #expect(try again(&life, after: .seconds(5), left, .jwt, stated: end, skew: skew) == .seconds(595))
        }
        // Measured by the local clock first, by the partner's then; and an earlier end.
        var local = try held(.seconds(5595), .jwt, stated: end)
        #expect(try again(&local, after: .seconds(5), .seconds(590), .jwt, stated: end, skew: .seconds(-5000)) == .seconds(595))
        var earlier = try held(.seconds(595), .jwt, stated: end, skew: .zero)
        #expect(try again(&earlier, after: .seconds(5), .seconds(90), .jwt, stated: WallTime(seconds: 1_800_000_100), skew: .zero) == .seconds(95))
    }
}
