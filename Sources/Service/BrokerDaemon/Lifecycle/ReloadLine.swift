import API
import Synchronization

/// Requested reloads, run one after the other: all that are requested while one runs are one more.
///
/// Closing it answers every waiting request with `.stopping`: a reload that hangs on a secret must not delay the stop.
final class ReloadLine: Sendable {
    private struct State {
        /// Callers that wait for the next reload, and for the one that runs.
        var waiting: [CheckedContinuation<ReloadOutcome, Never>] = []
        var running: [CheckedContinuation<ReloadOutcome, Never>] = []
        /// Whether the next reload has been requested.
        var isRequested = false
        var isClosed = false
    }

    private let requests: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let state = Mutex(State())

    init() {
        (requests, continuation) = AsyncStream.makeStream()
    }

    /// Requests a reload and returns when it is done or the line was closed.
    func request() async -> ReloadOutcome {
        await withCheckedContinuation { waiting in
            let isOpen = state.withLock { state in
                if !state.isClosed { state.waiting.append(waiting) }
                return !state.isClosed
            }
            if isOpen { submit() } else { waiting.resume(returning: .stopping) }
        }
    }

    /// Requests a reload without waiting for it.
    func submit() {
        let isNew = state.withLock { state in
            defer { state.isRequested = true }
            return !state.isRequested && !state.isClosed
        }
        if isNew { continuation.yield() }
    }

    /// Runs the requested reloads, until `close`.
    func run(_ reload: () async -> ReloadOutcome) async {
        for await _ in requests {
            // What is requested from now on may not be in this reload.
            state.withLock { state in
                state.isRequested = false
                (state.running, state.waiting) = (state.waiting, [])
            }
            let outcome = await reload()
            let done = state.withLock { state in
                defer { state.running = [] }
                return state.running
            }
            for caller in done { caller.resume(returning: outcome) }
        }
    }

    /// Callers that wait for the next reload, and for the one that runs.
    var waiting: Int { state.withLock { $0.waiting.count } }
    var running: Int { state.withLock { $0.running.count } }

    func close() {
        continuation.finish()
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { (state.waiting, state.running) = ([], []) }
            return state.waiting + state.running
        }
        for continuation in waiting { continuation.resume(returning: .stopping) }
    }
}
