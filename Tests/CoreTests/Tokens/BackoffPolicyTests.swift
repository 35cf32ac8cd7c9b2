import TestSupport
import Testing
import Time
import Tokens

/// Pauses after failures.
@Suite struct BackoffPolicyTests {
    private func delay(
        _ failure: LoginFailure, _ count: Int, living: Double? = nil, of lifetime: Double = 900, dead: Double? = nil
    ) -> ClosedRange<Double> {
        let delays = (0..<200).map { seed in
            var generator = SeededGenerator(seed: UInt64(seed))
            let holding: BackoffPolicy.Holding =
                if let living { .living(remaining: .seconds(living), lifetime: .seconds(lifetime)) } else if let dead {
                    .dead(since: .seconds(dead))
                } else { .nothing }
            return BackoffPolicy.delay(failure, count: count, holding: holding, using: &generator).inSeconds
        }
        return (delays.min() ?? 0)...(delays.max() ?? 0)
    }

    private func failure(_ failureClass: FailureClass, retryAfter: Int? = nil) -> LoginFailure {
        var failure = LoginFailure(failureClass, "test")
        failure.retryAfter = retryAfter.map { .seconds($0) }
        return failure
    }

    @Test(arguments: [FailureClass.transient, .timedOut]) func `a passing failure doubles from one second to a minute, up to a quarter earlier`(
        failureClass: FailureClass
    ) {
        for (count, seconds) in [(1, 1.0), (2, 2.0), (4, 8.0), (7, 60.0), (1000, 60.0)] {
            let range = delay(failure(failureClass), count)
            #expect(range.lowerBound >= seconds * 0.75 && range.upperBound <= seconds)
            #expect(range.upperBound - range.lowerBound > seconds * 0.2)
        }
    }

    @Test func `with a living token it never waits past a quarter of what remains, nor spins`() {
        #expect(delay(failure(.transient), 1, living: 300).upperBound <= 6.25)
        #expect(delay(failure(.transient), 9, living: 300).upperBound <= 75 * 1.25)
        #expect(delay(failure(.transient), 9, living: 0.001).lowerBound >= 1.5)
        #expect(delay(failure(.transient), 1, living: 0.1, of: 6).lowerBound >= 0.15)
    }

    @Test func `after the token's death no pause is longer than the time since`() {
        #expect(delay(failure(.transient), 9, dead: 0).upperBound <= 1)
        #expect(delay(failure(.transient), 9, dead: 7).upperBound <= 7)
        #expect(delay(failure(.certificate), 9, dead: 100).upperBound <= 100)
        #expect(delay(failure(.transient), 1, dead: 500).upperBound <= 1)
        #expect(delay(failure(.transient), 9, dead: 500).upperBound <= 60)
    }

    @Test func `a stated pause is never cut short, and believed for a day at most`() {
        #expect(delay(failure(.throttled, retryAfter: 60), 1).lowerBound >= 60)
        #expect(delay(failure(.throttled, retryAfter: 60), 5, living: 10).upperBound <= 66)
        #expect(delay(failure(.throttled, retryAfter: 10_000_000), 1).upperBound <= 86_400 * 1.1)
        #expect(delay(failure(.throttled), 1) == 60...60)
        #expect(delay(failure(.throttled), 9) == 900...900)
        #expect(delay(failure(.throttled), 1, living: 20, of: 60) == 10...10)
    }

    @Test func `pauses have the bounds that the rules name`() {
        // A fault of this host: up to half a minute.
        #expect(delay(failure(.local), 20).upperBound <= 30 && delay(failure(.local), 20).lowerBound >= 22.5)
        // Never below a thirtieth of a life, up to 2 s.
        #expect(delay(failure(.transient), 1, living: 0.001, of: 30) == 1...1 && delay(failure(.transient), 1, living: 0.001, of: 3000) == 2...2)
        #expect(delay(failure(.throttled), 1, living: 0.001, of: 30) == 1...1 && delay(failure(.throttled), 1, living: 0.001, of: 3000) == 2...2)
        // A stated pause of zero doubles from a second to a minute.
        #expect(delay(failure(.throttled, retryAfter: 0), 1).lowerBound >= 1 && delay(failure(.throttled, retryAfter: 0), 1).upperBound <= 1.1)
        #expect(delay(failure(.throttled, retryAfter: 0), 20).lowerBound >= 60 && delay(failure(.throttled, retryAfter: 0), 20).upperBound <= 66)
        #expect(delay(failure(.rejected), 1) == 60...60)
        #expect(delay(failure(.waiting), 1).lowerBound >= 5 && delay(failure(.waiting), 1).upperBound <= 5.5)
    }

    @Test func `refusals double to an hour, bad replies to five minutes, certificates too`() {
        #expect(delay(failure(.refused), 1).upperBound <= 75)
        #expect(delay(failure(.refused), 20).lowerBound >= 2700)
        #expect(delay(failure(.badReply), 1).upperBound <= 6.25)
        #expect(delay(failure(.badReply), 20).upperBound <= 375)
        #expect(delay(failure(.certificate), 20).lowerBound >= 225 && delay(failure(.certificate), 20).upperBound <= 300)
    }
}
