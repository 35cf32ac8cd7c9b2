import Broker
import TestSupport
import Testing
import Time

/// Turns of keepers.
@Suite(.timeLimit(.minutes(5))) struct RefreshScheduleTests {
    @Test func `a beat waits for the renewals' loop, and a stop ends the wait`() async {
        let schedule = RefreshSchedule(clocks: SystemClocks(), bound: 1)
        async let early: Void = schedule.pulse()
        async let loop: Void = schedule.run()
        await early
        await schedule.pulse()
        schedule.end()
        await loop
        await schedule.pulse()
    }
}
