import Dispatch
import Glibc
import Synchronization
import Time

/// The hard end of a stop: whatever hangs, the process is gone when the time is over, with a line that names the step that did not end.
final class StopDeadline: Sendable {
    private let step = Mutex("stopping")
    private let isOver = Atomic<Bool>(false)
    /// A queue of its own, which has a thread even where every thread of the pool is blocked.
    private let queue = DispatchQueue(label: "tokenbroker.stop")
    private let end: @Sendable (_ step: String) -> Void

    /// - Parameter end: called once when the time is over; ends the process.
    init(end: @escaping @Sendable (_ step: String) -> Void) {
        self.end = end
    }

    /// Starts the clock.
    func begin(within time: Duration) {
        queue.asyncAfter(deadline: .now() + time.inSeconds) { [self] in
            if !isOver.exchange(true, ordering: .relaxed) { end(step.withLock { $0 }) }
        }
    }

    /// Notes what the stop does now.
    func enter(_ name: String) { step.withLock { $0 = name } }

    /// The stop has ended in time.
    func finish() { isOver.store(true, ordering: .relaxed) }
}
