import Synchronization

/// A bounded group of tasks that produce answers later; child tasks of the daemon's task.
package struct PendingAnswers: Sendable {
    /// `@concurrent`: stored closures inherit no isolation (see Decisions).
    package typealias Work = @concurrent @Sendable () async -> Void
    private let stream: AsyncStream<Work>
    private let continuation: AsyncStream<Work>.Continuation
    private let count = Count()

    private final class Count: Sendable {
        let value = Atomic<Int>(0)
    }

    package init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    /// - Returns: false where `limit` answers are already waiting or running.
    package func submit(limit: Int, _ work: @escaping Work) -> Bool {
        guard count.value.add(1, ordering: .relaxed).newValue <= limit else {
            count.value.subtract(1, ordering: .relaxed)
            return false
        }
        continuation.yield(work)
        return true
    }

    /// Runs until `finish` was called and the last answer is given.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await work in stream {
                group.addTask { [count] in
                    await work()
                    count.value.subtract(1, ordering: .relaxed)
                }
            }
        }
    }

    package func finish() {
        continuation.finish()
    }
}
