import Configuration
import Login
import Synchronization
import TestSupport
import Testing
import Time
import Tokens

/// Slots, pauses and rates of logins.
@Suite struct LoginGateTests {
    private let clocks = FakeClocks()

    /// How many are inside, and the most there ever were.
    private final class Inside: Sendable {
        private let counts = Mutex((now: 0, most: 0))
        var now: Int { counts.withLock { $0.now } }
        var most: Int { counts.withLock { $0.most } }

        func note(_ change: Int) {
            counts.withLock { counts in
                counts.now += change
                counts.most = max(counts.most, counts.now)
            }
        }
    }

    private func gate(parallel: Int = 64, perHost: Int = 8) -> LoginGate {
        var bounds = LoginBounds()
        (bounds.parallel, bounds.perHost) = (parallel, perHost)
        return LoginGate(bounds: bounds, clocks: clocks)
    }

    private func failure(_ gate: LoginGate, account: String, limit: Rate? = nil) async -> LoginFailure? {
        do throws(LoginFailure) {
            try await gate.enter(account: account, host: "h", limit: limit)
            await gate.leave(host: "h")
            return nil
        } catch {
            return error
        }
    }

    @Test func `beyond the slots of a host its logins wait, and another host's do not`() async throws {
        let gate = gate(parallel: 3, perHost: 1)
        try await gate.enter(account: "a", host: "one", limit: nil)
        let entered = Mutex<[String]>([])
        let waiting = Task {
            try await gate.enter(account: "a", host: "one", limit: nil)
            entered.withLock { $0.append("one") }
        }
        try await gate.enter(account: "b", host: "two", limit: nil)
        #expect(entered.withLock { $0 }.isEmpty)
        await gate.leave(host: "one")
        try await waiting.value
        #expect(entered.withLock { $0 } == ["one"])
        await gate.leave(host: "one")
        await gate.leave(host: "two")
    }

    @Test func `beyond all slots every host's logins wait, and each freed slot goes to one`() async throws {
        let gate = gate(parallel: 1, perHost: 8)
        try await gate.enter(account: "a", host: "one", limit: nil)
        let inside = Inside()
        await withThrowingTaskGroup { group in
            for number in 0..<5 {
                group.addTask {
                    try await gate.enter(account: "a", host: "host-\(number)", limit: nil)
                    inside.note(1)
                    await Task.yield()
                    inside.note(-1)
                    await gate.leave(host: "host-\(number)")
                }
            }
            await gate.leave(host: "one")
        }
        #expect(inside.most == 1 && inside.now == 0)
    }

    @Test func `hosts that do not answer have half of the slots together`() async throws {
        let gate = gate(parallel: 8, perHost: 8)
        // A first round in which nobody answers.
        for number in 0..<8 { try await gate.enter(account: "a", host: "dead-\(number)", limit: nil) }
        for number in 0..<8 { await gate.leave(host: "dead-\(number)", hasAnswered: false) }
        let inside = Inside()
        let dead = (0..<8).map { number in
            Task {
                try await gate.enter(account: "a", host: "dead-\(number)", limit: nil)
                inside.note(1)
            }
        }
        #expect(await eventually { inside.now == 4 })
        // The others have the rest, at once.
        for _ in 0..<4 { try await gate.enter(account: "b", host: "good", limit: nil) }
        #expect(inside.now == 4)
        for _ in 0..<4 { await gate.leave(host: "good", hasAnswered: true) }
        // One that answers again has its turn like any other.
        await gate.leave(host: "dead-0", hasAnswered: true)
        #expect(await eventually { inside.now >= 5 })
        for task in dead { task.cancel() }
        for number in 1..<8 { await gate.leave(host: "dead-\(number)") }
        for task in dead { _ = try? await task.value }
    }

    @Test func `a pause holds for its account alone, and for its time`() async {
        let gate = gate()
        await gate.pause(account: "a", for: .seconds(60))
        await gate.pause(account: "a", for: .seconds(30))
        clocks.advance(by: .seconds(59))
        let held = await failure(gate, account: "a")
        #expect(held?.failureClass == .waiting && held?.waitingFor == .throttled && held?.retryAfter == .seconds(1))
        #expect(await failure(gate, account: "b") == nil)
        clocks.advance(by: .seconds(1))
        #expect(await failure(gate, account: "a") == nil)
    }

    @Test func `an account has so many logins in a period`() async {
        let gate = gate()
        let limit = Rate(count: 2, period: .seconds(60))
        #expect(await failure(gate, account: "a", limit: limit) == nil)
        clocks.advance(by: .seconds(20))
        #expect(await failure(gate, account: "a", limit: limit) == nil)
        let held = await failure(gate, account: "a", limit: limit)
        #expect(held?.retryAfter == .milliseconds(40_250) && held?.hasTurn == true)
        #expect(await failure(gate, account: "b", limit: limit) == nil)
        clocks.advance(by: .milliseconds(40_250))
        #expect(await failure(gate, account: "a", limit: limit) == nil)
    }
}
