import Synchronization
package import Time

/// Clocks a test holds in its hand. Time moves only by `advance`, which waits until somebody sleeps.
package final class FakeClocks: Clocks {
    private struct State {
        var boot = BootInstant(nanoseconds: 1_000_000_000_000)
        var wall = WallTime(seconds: 1_800_000_000)
        var sleepers: [UInt64: (until: BootInstant, continuation: CheckedContinuation<Void, Never>)] = [:]
        var next: UInt64 = 0
        var cancelled: Set<UInt64> = []
    }

    private let state = Mutex(State())
    private let waiters = OffsetWaiters()

    package init() {}

    package var boot: BootInstant { state.withLock { $0.boot } }
    package var wall: WallTime { state.withLock { $0.wall } }

    package func sleep(until instant: BootInstant) async throws {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.cancelled.contains(number) || instant <= state.boot { return true }
                    state.sleepers[number] = (instant, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                state.cancelled.insert(number)
                return state.sleepers.removeValue(forKey: number)?.continuation
            }
            continuation?.resume()
        }
        try Task.checkCancellation()
    }

    /// Moves both clocks and wakes whoever is due.
    package func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.boot = state.boot + duration
            state.wall = state.wall + duration
            let due = state.sleepers.filter { $0.value.until <= state.boot }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.sorted { $0.until < $1.until }.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    /// Sets the wall clock alone, as NTP or an operator does.
    package func stepWall(by duration: Duration) {
        state.withLock { $0.wall = $0.wall + duration }
        waiters.notify(offset)
    }

    package func wallClockSet(from offset: Duration) async throws { try await waiters.wait(from: offset) { self.offset } }

    /// When the next sleeper is due; nil where nobody sleeps.
    package func isSlept(until instant: BootInstant) -> Bool { state.withLock { $0.sleepers.values.contains { $0.until == instant } } }

    package var nextWake: BootInstant? {
        state.withLock { $0.sleepers.values.map(\.until).filter { $0 != .distantFuture }.min() }
    }
}

/// Waits for a fact; false when it did not come true in two minutes of real time, which only a hang takes.
///
/// `@concurrent`: with the package's default, nonisolated(nonsending), Swift 6.3.1 now and then resumed a test at a wrong
/// address after such a closure had waited for an actor on a busy machine.
@concurrent
package func eventually(_ fact: @concurrent @Sendable () async -> Bool) async -> Bool {
    let end = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < end {
        if await fact() { return true }
        // Not a yield: on two cores, tests that spin would starve the work they wait for.
        try? await Task.sleep(for: .milliseconds(1))
    }
    return false
}

/// SplitMix64: the same draws for the same seed.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
