import TestSupport
import Testing
import Time
import Tokens

@Suite struct RefreshPolicyTests {
    @Test(arguments: [(5, 5.0 / 3), (60, 20.0), (900, 300.0), (86_400, 7200.0), (400 * 86_400, 7200.0)])
    func `the margin is a third, two hours at most`(lifetime: Int, margin: Double) {
        #expect(abs(RefreshPolicy().margin(of: .seconds(lifetime)).inSeconds - margin) < 0.001)
    }

    @Test func `jitter only ever renews earlier, by a tenth of the margin at most`() {
        let start = BootInstant(nanoseconds: 0)
        let times = [0, 0.5, 0.999].map { RefreshPolicy().refreshTime(issuedAt: start, lifetime: .seconds(900), draw: $0) - start }
        #expect(times[0] == .seconds(600))
        #expect(times.allSatisfy { $0 <= .seconds(600) && $0 >= .seconds(570) })
    }

    @Test(arguments: [(5, 1.0), (30, 5.0), (60, 10.0), (900, 10.0)]) func `a caller gets a sixth of the life, one to ten seconds`(
        lifetime: Int, floor: Double
    ) {
        #expect(RefreshPolicy.floor(of: .seconds(lifetime)).inSeconds == floor)
    }

    private func delay(_ failure: LoginFailure, _ count: Int, living: Double? = nil, of lifetime: Double = 900) -> ClosedRange<Double> {
        let delays = (0..<200).map { seed in
            var generator = SeededGenerator(seed: UInt64(seed))
            let living = living.map { BackoffPolicy.Living(remaining: .seconds($0), lifetime: .seconds(lifetime)) }
            return BackoffPolicy.delay(failure, count: count, living: living, using: &generator).inSeconds
        }
        return (delays.min() ?? 0)...(delays.max() ?? 0)
    }

    private func failure(_ failureClass: FailureClass, retryAfter: Int? = nil) -> LoginFailure {
        var failure = LoginFailure(failureClass, "test")
        failure.retryAfter = retryAfter.map { .seconds($0) }
        return failure
    }

    @Test(arguments: [FailureClass.transient, .timedOut]) func `a passing failure doubles from one second to a minute, a quarter either way`(
        failureClass: FailureClass
    ) {
        for (count, seconds) in [(1, 1.0), (2, 2.0), (4, 8.0), (7, 60.0), (1000, 60.0)] {
            let range = delay(failure(failureClass), count)
            #expect(range.lowerBound >= seconds * 0.75 && range.upperBound <= seconds * 1.25)
            #expect(range.upperBound - range.lowerBound > seconds * 0.3)
        }
    }

    @Test func `with a living token it never waits past a quarter of what remains, nor spins`() {
        #expect(delay(failure(.transient), 1, living: 300).upperBound <= 6.25)
        #expect(delay(failure(.transient), 9, living: 300).upperBound <= 75 * 1.25)
        #expect(delay(failure(.transient), 9, living: 0.001).lowerBound >= 1.5)
        #expect(delay(failure(.transient), 1, living: 0.1, of: 6).lowerBound >= 0.15)
    }

    @Test func `a stated pause is never cut short, and believed for a day at most`() {
        #expect(delay(failure(.throttled, retryAfter: 60), 1).lowerBound >= 60)
        #expect(delay(failure(.throttled, retryAfter: 60), 5, living: 10).upperBound <= 66)
        #expect(delay(failure(.throttled, retryAfter: 10_000_000), 1).upperBound <= 86_400 * 1.1)
        #expect(delay(failure(.throttled), 1) == 60...60)
        #expect(delay(failure(.throttled), 9) == 900...900)
        #expect(delay(failure(.throttled), 1, living: 20, of: 60).upperBound <= 10)
    }

    @Test func `refusals double to an hour, bad replies to five minutes, certificates too`() {
        #expect(delay(failure(.refused), 1).upperBound <= 75)
        #expect(delay(failure(.refused), 20).lowerBound >= 2700)
        #expect(delay(failure(.badReply), 1).upperBound <= 6.25)
        #expect(delay(failure(.badReply), 20).upperBound <= 375)
        #expect(delay(failure(.certificate), 20).lowerBound >= 225)
    }

    @Test func `the budget is three times what the schedule needs, twelve at least`() {
        #expect(LoginBudget.cap(lifetime: .seconds(86_400), policy: .init()) == 12)
        #expect(LoginBudget.cap(lifetime: .seconds(60), policy: .init()) == 270)
        #expect(LoginBudget.cap(lifetime: nil, policy: .init()) == 12)
    }

    @Test func `callers get a third, the schedule all, and an hour later it is free again`() {
        var budget = LoginBudget()
        let start = BootInstant(nanoseconds: 0)
        for minute in 0..<4 {
            budget.spendCallersShare(at: start + .seconds(minute * 60))
            budget.spend(at: start + .seconds(minute * 60))
        }
        let now = start + .seconds(300)
        #expect(budget.left(.caller, cap: 12, at: now) == 0)
        #expect(budget.left(.schedule, cap: 12, at: now) == 8)
        #expect(budget.free(.caller, cap: 12, hasUsableToken: true, at: now) == start + .seconds(3600))
        for _ in 0..<8 { budget.spend(at: now) }
        #expect(budget.free(.schedule, cap: 12, hasUsableToken: true, at: now) == start + .seconds(3600))
        budget.noteLogin(at: now)
        #expect(budget.free(.schedule, cap: 12, hasUsableToken: false, at: now) == now + .seconds(300))
        #expect(budget.left(.schedule, cap: 12, at: start + .seconds(4000)) == 12)
    }

    @Test func `rejections teach a lifetime, and it is forgotten`() {
        var learned = LearnedLifetime()
        let now = BootInstant(nanoseconds: 0)
        learned.refused(atAge: .seconds(600), now: now)
        #expect(learned.learned(configured: .seconds(1800), now: now) == nil)
        for age in [900, 1200, 60] { learned.refused(atAge: .seconds(age), now: now) }
        #expect(learned.learned(configured: .seconds(1800), now: now) == .seconds(600))
        learned.refused(atAge: .seconds(30), now: now)
        #expect(learned.learned(configured: .seconds(1800), now: now) == .seconds(600))
        learned.refused(atAge: .seconds(40), now: now)
        #expect(learned.learned(configured: .seconds(1800), now: now) == .seconds(600))
        #expect(learned.learned(configured: .seconds(1800), now: now + .seconds(8 * 86_400)) == nil)
    }
}
