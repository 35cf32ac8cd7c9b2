import TestSupport
import Testing
import Time
import Tokens

/// When a token is renewed.
@Suite struct RefreshPolicyTests {
    @Test(arguments: [(5, 5.0 / 3), (60, 20.0), (900, 300.0), (86_400, 7200.0), (400 * 86_400, 7200.0)])
    func `the margin is a third, two hours at most`(lifetime: Int, margin: Double) {
        #expect(abs(RefreshPolicy().margin(of: .seconds(lifetime)).inSeconds - margin) < 0.001)
    }

    @Test(arguments: [(100, 900, 50.0), (4, 900, 4), (9, 1000, 5), (8, 60, 4), (6, 80, 4), (0, 900, 0)])
    func `the same token is asked about after half of what remains`(left: Int, lifetime: Int, wait: Double) {
        let now = BootInstant(nanoseconds: 0)
        let next = RefreshPolicy.recheck(now: now, deadline: now + .seconds(left), lifetime: .seconds(lifetime))
        #expect((next - now).inSeconds == wait)
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
}
