import Glibc
import Secrets
import TestSupport
import Testing
import Time
import Tokens

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
        #expect(read.shift(bootID: "one", boot: now, wall: WallTime(seconds: 0)) == .zero)
        // 100 s later by the wall clock, the machine started 7 s ago.
        let started = BootInstant(nanoseconds: 7_000_000_000)
        let shift = try #require(read.shift(bootID: "two", boot: started, wall: WallTime(seconds: 1_800_000_110)))
        var moved = read.state
        moved.move(by: shift)
        #expect(moved.token?.remaining(at: started) == .seconds(900 - 110))
        #expect(read.shift(bootID: "two", boot: started, wall: WallTime(seconds: 1_800_000_009)) == nil)
        #expect(TokenRecord(Array("{}".utf8), policy: RefreshPolicy()) == nil)
    }
}
