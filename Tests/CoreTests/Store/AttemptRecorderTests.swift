import Synchronization
import TestSupport
import Testing
import Time
import Tokens

@testable import Store

/// What of a token's events becomes its history.
@Suite struct AttemptRecorderTests {
    private final class History: TokenStore {
        let attempts = Mutex<[PastLogin]>([])
        func load() async throws(StoreFault) -> [StoredToken] { [] }
        func history(of token: String, limit: Int) async throws(StoreFault) -> [PastLogin] { attempts.withLock { $0 } }
        func write(_ changes: StoreChanges) async throws(StoreFault) { attempts.withLock { $0 += changes.attempts } }
    }

    @Test func `each login that ended is one line, and nothing else is`() async throws {
        let (clocks, history) = (FakeClocks(), History())
        let writer = StoreWriter(store: history, clocks: clocks, events: RecordedEvents())
        let recorder = AttemptRecorder(writer, clocks: clocks)
        let failure = LoginFailure(.throttled, "slow down", status: 429)
        let events: [BrokerEvent] = [
            .loginBegan(token: "a", trigger: .schedule),
            .tokenAdopted(token: "a", fingerprint: "f", adoption: .new, lifetime: .seconds(9), nextRefresh: nil, took: .seconds(1)),
            .tokenAdopted(token: "a", fingerprint: "f", adoption: .same, lifetime: .seconds(9), nextRefresh: nil, took: .seconds(2)),
            .refreshFailed(token: "a", failure: failure),
            .loginFailed(token: "a", failure: failure, nextAttempt: nil, isLatched: false, took: .seconds(3)),
            .tokenShared(token: "a", fingerprint: "f", lifetime: nil, nextRefresh: nil), .tokenDropped(token: "a"),
        ]
        for event in events { recorder.record(event) }
        await writer.flush()
        func past(_ outcome: String, _ took: Duration, isFailure: Bool = false) -> PastLogin {
            PastLogin(
                token: "a", at: clocks.wall, outcome: outcome, took: took, status: isFailure ? 429 : nil, reason: isFailure ? "slow down" : nil)
        }
        #expect(
            try await writer.history(of: "a", limit: 9) == [
                past("success", .seconds(1)), past("same_token", .seconds(2)), past("refresh_throttled", .zero, isFailure: true),
                past("throttled", .seconds(3), isFailure: true),
            ])
    }
}
