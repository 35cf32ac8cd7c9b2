import TestSupport
import Testing
import Time
import Tokens

/// What rejections teach.
@Suite struct LearnedLifetimeTests {
    @Test func `the last five rejections count, and only lives shorter than configured`() {
        let now = BootInstant(nanoseconds: 0)
        var learned = LearnedLifetime()
        for age in [10, 20, 900, 900, 900] { learned.refused(atAge: .seconds(age), now: now) }
        #expect(learned.learned(configured: .seconds(30), now: now) == .seconds(20))
        #expect(learned.learned(configured: .seconds(20), now: now) == nil)
        learned.refused(atAge: .seconds(900), now: now)
        #expect(learned.learned(configured: .seconds(30), now: now) == nil)
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
        #expect(learned.learned(configured: .seconds(1800), now: now + .seconds(7 * 86_400 - 1)) == .seconds(600))
        #expect(learned.learned(configured: .seconds(1800), now: now + .seconds(7 * 86_400)) == nil)
    }
}
