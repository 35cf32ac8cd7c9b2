import Secrets
import TestSupport
import Testing
import Time

@testable import Tokens

/// What another host's success or failure does to the failures that this host has seen itself.
@Suite struct SharedTroubleTests {
    private static let now = BootInstant(nanoseconds: 5_000_000_000_000)
    private var generator = SeededGenerator(seed: 1)

    private mutating func failing(_ failureClass: FailureClass, times: Int = 1, pause: Duration? = nil) -> TokenState {
        var state = TokenState(policy: RefreshPolicy())
        var failure = LoginFailure(failureClass, "x")
        failure.retryAfter = pause
        for _ in 0..<times { state.failed(failure, trigger: .schedule, at: Self.now, using: &generator) }
        return state
    }

    private func token(life: Duration) -> Token {
        Token(
            TokenDraft(
                value: Secret("t"), expiry: Expiry(origin: .field, lifetime: life, stated: nil), sentAt: Self.now, sentAtWall: WallTime(seconds: 0)),
            fingerprint: "t")
    }

    /// Found by the simulation: a host cut off from etcd heard a pause of ten minutes, and then of an older failure elsewhere.
    @Test mutating func `an older failure of another host ends no longer pause of this one`() throws {
        var own = failing(.throttled, pause: .seconds(600))
        let pauseEnd = try #require(own.trouble?.retryAt)
        let theirs = try #require(failing(.transient).trouble)
        own.adopt(shared: theirs, at: Self.now + .seconds(60), using: &generator)
        #expect(own.trouble?.retryAt == pauseEnd)
        #expect(own.trouble?.failure.failureClass == .throttled)
    }

    @Test mutating func `another host's failure is adopted where it lasts longer`() throws {
        var own = failing(.transient)
        let theirs = try #require(failing(.throttled, pause: .seconds(600)).trouble)
        own.adopt(shared: theirs, at: Self.now, using: &generator)
        let (retry, least) = try (#require(own.trouble?.retryAt), #require(theirs.retryAt))
        #expect(retry >= least && retry <= least + (least - Self.now) / 10)
    }

    @Test mutating func `a latch outlasts another host's passing failure, and rejections add up to the higher count`() throws {
        var latched = failing(.rejected, times: 8)
        #expect(latched.trouble?.isLatched == true)
        try latched.adopt(shared: #require(failing(.throttled, pause: .seconds(90_000)).trouble), at: Self.now, using: &generator)
        #expect(latched.trouble?.isLatched == true)
        #expect(latched.trouble?.rejectionsInARow == 8)

        var rejected = failing(.rejected)
        try rejected.adopt(shared: #require(failing(.throttled, pause: .seconds(90_000)).trouble), at: Self.now, using: &generator)
        #expect(rejected.trouble?.failure.failureClass == .throttled)
        #expect(rejected.trouble?.rejectionsInARow == 1)
    }

    /// Found by the simulation: a latched host whose hour was over asked etcd without end.
    @Test mutating func `a pause that is over does not outlast another host's`() throws {
        var own = failing(.rejected, times: 8)
        let due = try #require(own.trouble?.retryAt)
        var theirs = try #require(failing(.transient).trouble)
        theirs.retryAt = due + .seconds(40)
        own.adopt(shared: theirs, at: due, using: &generator)
        #expect(own.trouble?.retryAt ?? due > due)
        #expect(own.trouble?.isLatched == true)
    }

    @Test mutating func `another host's token ends every trouble but a pause that outlasts its renewal`() {
        for (failureClass, life, isEnded) in [
            (FailureClass.throttled, Duration.seconds(90), false), (.throttled, .seconds(86_400), true), (.transient, .seconds(90), true),
            (.rejected, .seconds(90), true),
        ] {
            var own = failing(failureClass, pause: failureClass == .throttled ? .seconds(600) : nil)
            own.adopt(shared: token(life: life), loginAt: Self.now, using: &generator)
            #expect((own.trouble == nil) == isEnded, "\(failureClass), \(life)")
            #expect(own.hasLivingToken(at: Self.now))
        }
        var own = failing(.throttled, pause: .seconds(600))
        own.adopt(plan: Self.now + .seconds(30), loginAt: Self.now)
        #expect(own.next(at: Self.now + .seconds(30)) == own.trouble?.retryAt.map { .wait(until: $0) })
        own.adopt(plan: Self.now + .seconds(700), loginAt: Self.now)
        #expect(own.trouble == nil)
    }
}
