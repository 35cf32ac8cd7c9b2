import Synchronization
import Time

/// Jobs of Swift's concurrency, run one after the other by whoever drives the simulation: when none is left, nothing can
/// happen before time goes on.
///
/// Installed through the runtime's own hook for the global executor (swift_task_enqueueGlobal_hook, lib_Concurrency).
final class SimulationExecutor: Sendable {
    static let shared = SimulationExecutor()
    private let jobs = Mutex<(queue: [UnownedJob], next: Int)>(([], 0))

    func enqueue(_ job: UnownedJob) { jobs.withLock { $0.queue.append(job) } }

    /// Runs jobs until none is left.
    func drain() {
        while let job = take() { unsafe job.runSynchronously(on: SerialJobs.shared.asUnownedSerialExecutor()) }
    }

    private func take() -> UnownedJob? {
        jobs.withLock { jobs in
            guard jobs.next < jobs.queue.count else {
                jobs = ([], 0)
                return nil
            }
            defer { jobs.next += 1 }
            return jobs.queue[jobs.next]
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

/// A host's clocks: the common time line, and a wall clock that may be wrong.
struct HostClocks: Clocks {
    let time: SimulatedTime
    let skew: Duration

    /// What the wall clock shows when the time line begins.
    static let epoch = WallTime(seconds: 1_800_000_000)

    var boot: BootInstant { time.now }
    var wall: WallTime { Self.epoch + (time.now - BootInstant(nanoseconds: 1_000_000_000_000)) + skew }

    func sleep(until instant: BootInstant) async throws { try await time.sleep(until: instant) }
}
