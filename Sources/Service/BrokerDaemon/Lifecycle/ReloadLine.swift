import API
import Synchronization

/// Reloads that were asked for, one after the other. At a stop whoever still waits is told so: a reload that hangs on a
/// secret must not hold it up.
final class ReloadLine: Sendable {
    private struct State {
        var waiting: [UInt64: CheckedContinuation<ReloadOutcome, Never>] = [:]
        var next: UInt64 = 0
        var isClosed = false
    }

    /// Numbers to `answer`.
    let requests: AsyncStream<UInt64>
    private let continuation: AsyncStream<UInt64>.Continuation
    private let state = Mutex(State())

    init() {
        (requests, continuation) = AsyncStream.makeStream()
    }

    /// Returns when the reload is done, or the line was closed.
    func ask() async -> ReloadOutcome {
        await withCheckedContinuation { waiting in
            let number = state.withLock { state -> UInt64? in
                guard !state.isClosed else { return nil }
                state.next += 1
                state.waiting[state.next] = waiting
                return state.next
            }
            if let number { continuation.yield(number) } else { waiting.resume(returning: .stopping) }
        }
    }

    /// Asks, and does not wait.
    func note() { continuation.yield(0) }

    func answer(_ number: UInt64, _ outcome: ReloadOutcome) {
        state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: outcome)
    }

    func close() {
        continuation.finish()
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in waiting { continuation.resume(returning: .stopping) }
    }
}
