import Synchronization
import TestSupport
import Time

/// Jobs of Swift's concurrency, run one after the other by whoever drives the simulation: when none is left, nothing can
/// happen before time goes on.
///
/// Installed through the runtime's own hook for the global executor (swift_task_enqueueGlobal_hook, lib_Concurrency).
final class SimulationExecutor: Sendable {
    static let shared = SimulationExecutor()

    private struct State {
        var queue: [UnownedJob] = []
        var next = 0
        /// Chooses among jobs that could run; nil: in the order of their arrival.
        var order: SeededGenerator?
    }
    private let state = Mutex(State())

    /// Has jobs that could run at one moment run in an order drawn from a seed.
    func shuffle(_ generator: SeededGenerator?) { state.withLock { $0.order = generator } }

    func enqueue(_ job: UnownedJob) { state.withLock { $0.queue.append(job) } }

    /// Drops jobs that nobody wants any more.
    func forget() { state.withLock { ($0.queue, $0.next) = ([], 0) } }

    /// Runs jobs until none is left; false if there are more than so many.
    @discardableResult
    func drain(atMost most: Int = .max) -> Bool {
        for _ in 0..<most {
            guard let job = take() else { return true }
            unsafe job.runSynchronously(on: SerialJobs.shared.asUnownedSerialExecutor())
        }
        return false
    }

    private func take() -> UnownedJob? {
        state.withLock { state in
            guard state.next < state.queue.count else {
                (state.queue, state.next) = ([], 0)
                return nil
            }
            defer { state.next += 1 }
            if state.queue.count - state.next > 1, var order = state.order {
                state.queue.swapAt(state.next, Int.random(in: state.next..<state.queue.count, using: &order))
                state.order = order
            }
            return state.queue[state.next]
        }
    }
}

/// The executor that jobs believe they run on: by name, the global one.
final class SerialJobs: SerialExecutor {
    static let shared = SerialJobs()
    func enqueue(_ job: consuming ExecutorJob) { SimulationExecutor.shared.enqueue(UnownedJob(job)) }
}

/// One time line for every host: it goes on to the next sleeper when nobody has anything left to do.
final class SimulatedTime: Sendable {
    private struct State {
        var now = BootInstant(nanoseconds: 1_000_000_000_000)
        var heap = InstantHeap<UInt64>()
        var sleepers: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var cancelled: Set<UInt64> = []
        var next: UInt64 = 0
    }
    private let state = Mutex(State())

    var now: BootInstant { state.withLock { $0.now } }

    func sleep(until instant: BootInstant) async throws {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isOver = state.withLock { state -> Bool? in
                    if state.cancelled.remove(number) != nil || Task.isCancelled { return nil }
                    if instant <= state.now { return true }
                    state.sleepers[number] = continuation
                    state.heap.push(number, at: instant)
                    return false
                }
                switch isOver {
                case nil: continuation.resume(throwing: CancellationError())
                case true?: continuation.resume()
                case false?: break
                }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                let found = state.sleepers.removeValue(forKey: number)
                if found == nil { state.cancelled.insert(number) }
                return found
            }
            continuation?.resume(throwing: CancellationError())
        }
    }

    /// Wakes the next sleeper, at most at `end`. False when that is reached.
    func step(until end: BootInstant) -> Bool {
        let woken: [CheckedContinuation<Void, any Error>]? = state.withLock { state in
            while let first = state.heap.first, state.sleepers[first.element] == nil { state.heap.pop() }
            guard let first = state.heap.first, first.instant <= end else {
                state.now = end
                return nil
            }
            state.now = max(state.now, first.instant)
            var due: [CheckedContinuation<Void, any Error>] = []
            while let next = state.heap.first, next.instant <= state.now {
                state.heap.pop()
                if let continuation = state.sleepers.removeValue(forKey: next.element) { due.append(continuation) }
            }
            return due
        }
        guard let woken else { return false }
        for continuation in woken { continuation.resume() }
        return true
    }
}
