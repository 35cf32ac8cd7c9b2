import Glibc
import Secrets
import TestSupport
import Testing
import Time

@testable import Tokens

/// A token's life as it is kept.
@Suite struct TokenRecordTests {
    @Test func `a token's life comes back as it was, on this boot's clock and on another's`() throws {
        let now = BootInstant(nanoseconds: 5_000_000_000_000)
        var state = TokenState(policy: RefreshPolicy())
        var generator = SeededGenerator(seed: 1)
        var expiry = Expiry(origin: .jwt, lifetime: .seconds(900), stated: WallTime(seconds: 1_800_000_900))
        expiry.clockSkew = .seconds(3)
        var draft = TokenDraft(value: Secret("eyJ.a.b"), expiry: expiry, sentAt: now, sentAtWall: WallTime(seconds: 1_800_000_000))
        draft.headers = [TokenHeader(name: "Authorization", value: Secret("Bearer eyJ.a.b"))]
        draft.values = ["account_id": "acc \"9\""]
        _ = try state.adopt(draft, fingerprint: "0123456789ab", trigger: .schedule, at: now, using: &generator)
        state.failed(LoginFailure(.rejected, "status 401", status: 401), trigger: .schedule, at: now + .seconds(5), using: &generator)
        let record = TokenRecord(
            bootID: "one", boot: now + .seconds(10), wall: WallTime(seconds: 1_800_000_010), state: state,
            memory: LoginMemory(inputDigest: [1, 2, 3]))
        let read = try #require(TokenRecord(record.bytes, policy: RefreshPolicy()))
        #expect(read.bytes == record.bytes)
        #expect(read.state.token?.value.exposedText == "eyJ.a.b" && read.state.token?.deadline == now + .seconds(900))
        #expect(read.state.trouble?.failure.failureClass == .rejected && read.state.trouble?.retryAt == state.trouble?.retryAt)
        // 100 s later by the wall clock, the machine started 7 s ago.
        let started = BootInstant(nanoseconds: 7_000_000_000)
        let shift = try #require(read.shift(bootID: "two", boot: started, wall: WallTime(seconds: 1_800_000_110)))
        var moved = read.state
        moved.move(by: shift)
        #expect(moved.token?.remaining(at: started) == .seconds(900 - 110))
        #expect(read.shift(bootID: "two", boot: started, wall: WallTime(seconds: 1_800_000_009)) == nil)
        #expect(TokenRecord(Array("{}".utf8), policy: RefreshPolicy()) == nil)
    }

    @Test func `what was learned, and sessions that wait for their logout, come back too`() throws {
        let now = BootInstant(nanoseconds: 5_000_000_000_000)
        var state = TokenState(policy: RefreshPolicy())
        for age in [600, 700] { state.learned.refused(atAge: .seconds(age), now: now) }
        var memory = LoginMemory()
        memory.replaced = [ReplacedSession(value: Secret("old"), kept: ["session": "s"], due: WallTime(seconds: 1_800_000_100))]
        let record = TokenRecord(bootID: "one", boot: now, wall: WallTime(seconds: 1_800_000_000), state: state, memory: memory)
        let read = try #require(TokenRecord(record.bytes, policy: RefreshPolicy()))
        #expect(read.state.learned.learned(configured: .seconds(1800), now: now) == .seconds(700))
        let session = try #require(read.memory.replaced.first)
        #expect(session.value.exposedText == "old" && session.kept == ["session": "s"] && session.due == WallTime(seconds: 1_800_000_100))
        #expect(read.bytes == record.bytes)
        // A week after the rejections by this boot's clock, which began 100 s later than the other.
        var moved = read.state
        moved.move(by: .seconds(-100))
        let week = now + .seconds(7 * 86_400 - 50)
        #expect(
            read.state.learned.learned(configured: .seconds(1800), now: week) != nil
                && moved.learned.learned(configured: .seconds(1800), now: week) == nil)
    }

    @Test(arguments: [(1, 1), (0, 0), (1 << 60, 1 << 53)] as [(Int64, Int64)]) func `a login's number comes back, up to a bound`(
        number: Int64, read: Int64
    ) throws {
        var memory = LoginMemory()
        memory.number = number
        let record = TokenRecord(
            bootID: "one", boot: BootInstant(nanoseconds: 0), wall: WallTime(seconds: 0), state: TokenState(policy: RefreshPolicy()), memory: memory)
        #expect(TokenRecord(record.bytes, policy: RefreshPolicy())?.memory.number == read)
    }

    @Test func `a pause of an operator takes a wish back, and does not undo a revocation`() {
        let now = BootInstant(nanoseconds: 5_000_000_000_000)
        var state = TokenState(policy: RefreshPolicy())
        let isRequested = state.requestRefresh(at: now)
        #expect(isRequested)
        state.pause()
        #expect(state.hold == .paused && state.wishes.requested == nil && state.next(at: now) == .rest)
        let isResumed = state.resume(at: now)
        #expect(isResumed && state.next(at: now) == .login(.schedule))
        state.revoke()
        state.pause()
        #expect(state.hold == .revoked)
    }

    @Test func `a token without an end is prolonged at its interval, and not planned without one`() throws {
        let now = BootInstant(nanoseconds: 5_000_000_000_000)
        var generator = SeededGenerator(seed: 1)
        for interval in [nil, Duration.seconds(60)] {
            var policy = RefreshPolicy()
            policy.prolongEvery = interval
            var state = TokenState(policy: policy)
            let draft = TokenDraft(value: Secret("t"), expiry: Expiry(origin: .never), sentAt: now, sentAtWall: WallTime(seconds: 0))
            let first = try state.adopt(draft, fingerprint: "f", trigger: .schedule, at: now, using: &generator)
            #expect(first == .new)
            #expect(state.plan?.refreshAt == interval.map { now + $0 })
            let again = try state.adopt(draft, fingerprint: "f", trigger: .schedule, at: now, using: &generator)
            #expect(again == .same)
            #expect(state.plan == nil)
        }
    }

    @Test(
        arguments: [
            // Seconds since the record was written by both clocks, and the remaining life that counts.
            ("one", 100.0, 100.0, 800.0), ("one", 100, 104, 796), ("one", 4, 6, 894), ("one", 104, 100, 796), ("one", 100, 3600, -2700),
            ("one", 3600, 100, -2700),
            // A wall clock that was set back by up to 5 s.
            ("one", 4, -1, 896), ("one", 4.5, -1, nil), ("one", 0, -1, 900), ("one", -0.5, -1, nil),
            ("one", -36_000, 100, 800),  // another time namespace
            ("one", -36_000, -1, nil), ("one", 100, -1, nil), ("two", 7, 100, 800), ("two", 100, 7, 800), ("two", -5000, 100, 800),
            ("two", 7, -1, nil),
        ] as [(String, Double, Double, Double?)])
    func `a boot id names no clock`(bootID: String, byBoot: Double, byWall: Double, left: Double?) throws {
        let (now, wall) = (BootInstant(nanoseconds: 50_000_000_000_000), WallTime(seconds: 1_800_000_000))
        var state = TokenState(policy: RefreshPolicy())
        var generator = SeededGenerator(seed: 1)
        let draft = LifeSimulation.draft("t", lifetime: .seconds(900), at: now, wall: wall)
        _ = try state.adopt(draft, fingerprint: "f", trigger: .schedule, at: now, using: &generator)
        let record = TokenRecord(bootID: "one", boot: now, wall: wall, state: state, memory: LoginMemory())
        let later = now + .seconds(byBoot)
        let shift = record.shift(bootID: bootID, boot: later, wall: wall + .seconds(byWall))
        if let shift { state.move(by: shift) }
        #expect((shift == nil) == (left == nil))
        if let left { #expect(state.token?.remaining(at: later) == .seconds(left)) }
    }

    @Test(
        arguments: [
            (5, 100, 4, 200, true), (4, 200, 5, 100, false), (5, 200, 5, 100, true), (5, 101, 5, 100, false), (5, 102, 5, 100, false),
            (5, 103, 5, 100, true), (0, 200, 0, 100, true),
        ]
            as [(Int64, Int64, Int64, Int64, Bool)])
    func `of two logins the one with the higher number is newer, of equals the later one`(
        number: Int64, at: Int64, other: Int64, otherAt: Int64, isNewer: Bool
    ) {
        func record(_ number: Int64, _ at: Int64) -> TokenRecord {
            var state = TokenState(policy: RefreshPolicy())
            state.adopt(plan: .distantFuture, loginAt: BootInstant(nanoseconds: at * 1_000_000_000))
            var memory = LoginMemory()
            memory.number = number
            return TokenRecord(bootID: "one", boot: BootInstant(nanoseconds: 0), wall: WallTime(seconds: 0), state: state, memory: memory)
        }
        #expect(record(number, at).isNewer(than: record(other, otherAt)) == isNewer)
        #expect(TokenRecord(record(number, at).bytes, policy: RefreshPolicy())?.memory.number == number)
    }

    @Test func `a host that slept during its login does not come after one that logged in meanwhile`() throws {
        let now = BootInstant(nanoseconds: 50_000_000_000_000)
        func record(_ fingerprint: String, sent: Duration, adopted: Duration) throws -> TokenRecord {
            var state = TokenState(policy: RefreshPolicy())
            var generator = SeededGenerator(seed: 1)
            let draft = LifeSimulation.draft(fingerprint, lifetime: .seconds(900), at: now + sent, wall: WallTime(seconds: 0))
            _ = try state.adopt(draft, fingerprint: fingerprint, trigger: .schedule, at: now + adopted, using: &generator)
            var memory = LoginMemory()
            memory.number = 7
            return TokenRecord(bootID: "one", boot: now, wall: WallTime(seconds: 0), state: state, memory: memory)
        }
        let (slept, other) = (
            try record("slept", sent: .seconds(-1), adopted: .seconds(8)), try record("other", sent: .seconds(5), adopted: .seconds(5))
        )
        #expect(!slept.isNewer(than: other) && other.isNewer(than: slept))
    }
}
