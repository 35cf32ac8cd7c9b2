import API
import Synchronization

/// A queue of requested reloads, run one after the other.
///
/// Closing it answers every waiting request with `.stopping`: a reload that hangs on a secret must not delay the stop.
final class ReloadLine: Sendable {
    private struct State {
        var waiting: [UInt64: CheckedContinuation<ReloadOutcome, Never>] = [:]
        var next: UInt64 = 0
        var isClosed = false
    }

    /// The numbers of requested reloads, to pass to `complete`.
    let requests: AsyncStream<UInt64>
    private let continuation: AsyncStream<UInt64>.Continuation
    private let state = Mutex(State())

    init() {
        (requests, continuation) = AsyncStream.makeStream()
    }

    /// Requests a reload and returns when it is done or the queue was closed.
    func request() async -> ReloadOutcome {
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

    /// Requests a reload without waiting for it.
    func submit() { continuation.yield(0) }

    func complete(_ number: UInt64, _ outcome: ReloadOutcome) {
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
