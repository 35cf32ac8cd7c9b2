import TestSupport
import Testing
import Time
import Tokens

/// A day of renewals on a simulated clock.
@Suite struct RefreshRehearsalTests {
    private func steps(_ hours: Int, _ lifetime: Duration, outage: Range<Duration>? = nil) -> [RefreshRehearsal.Step] {
        var generator = SeededGenerator(seed: 1)
        return RefreshRehearsal(policy: RefreshPolicy(), lifetime: lifetime, outage: outage).steps(for: .seconds(hours * 3600), using: &generator)
    }

    @Test func `a token of fifteen minutes is renewed between nine and a half and ten minutes`() {
        let steps = steps(24, .seconds(900))
        #expect((145...155).contains(steps.count))
        for (step, next) in zip(steps, steps.dropFirst()) { #expect((.seconds(570)...(.seconds(600))).contains(next.at - step.at)) }
        #expect(steps.dropFirst().allSatisfy { if case .login(let left?) = $0.kind { left >= .seconds(300) } else { false } })
    }

    @Test func `an outage shorter than the margin costs no token, a longer one is over soon after it`() {
        #expect(!steps(2, .seconds(900), outage: .seconds(600)..<(.seconds(780))).contains { $0.kind == .expiry })
        let long = steps(2, .seconds(900), outage: .seconds(600)..<(.seconds(2400)))
        let back = long.first { if case .login = $0.kind { $0.at > .seconds(2400) } else { false } }
        #expect(long.contains { $0.kind == .expiry } && back.map { $0.at < .seconds(2400 + 61) } == true)
    }
}
