import Observability
import TestSupport
import Testing
import Time
import Tokens

@Suite struct LoginHoursTests {
    @Test func `logins count in their hour, and a day later no more`() {
        let clocks = FakeClocks()
        let hours = LoginHours(clocks: clocks)
        let adopted = BrokerEvent.tokenAdopted(token: "a", fingerprint: "f", adoption: .new, lifetime: nil, nextRefresh: nil, took: .zero)
        hours.record(adopted)
        hours.record(.loginFailed(token: "a", failure: LoginFailure(.transient, "down"), nextAttempt: nil, isLatched: false, took: .zero))
        hours.record(.loginFailed(token: "a", failure: LoginFailure(.waiting, "later"), nextAttempt: nil, isLatched: false, took: .zero))
        hours.add(at: hours.start, succeeded: 3, failed: 4)
        #expect(hours.all.count == 24)
        #expect(hours.all.last.map { [$0.succeeded, $0.failed] } == [1, 1])
        #expect(hours.all.first.map { [$0.succeeded, $0.failed] } == [3, 4])
        clocks.advance(by: .seconds(3600))
        #expect(hours.all.map(\.succeeded).reduce(0, +) == 1)
        clocks.advance(by: .seconds(24 * 3600))
        #expect(hours.all.allSatisfy { $0.succeeded == 0 && $0.failed == 0 })
    }
}
