package import LocalHTTP
package import Observability
import Synchronization

/// A bounded group of tasks that produce answers later; child tasks of the daemon's task. Each owner of connections has a share of it.
package struct PendingAnswers: Sendable {
    /// `@concurrent`: stored closures inherit no isolation (see Decisions).
    package typealias Work = @concurrent @Sendable (PendingAnswer) async -> Void

    /// Bounds on the answers that wait or run: in all, and for one owner.
    package struct Bounds: Sendable {
        package var all: Int
        package var each: Int

        package init(all: Int, each: Int) {
            self.all = all
            self.each = each
        }
    }

    private let stream: AsyncStream<(PendingAnswer, Work)>
    private let continuation: AsyncStream<(PendingAnswer, Work)>.Continuation
    private let counts = Counts()

    private final class Counts: Sendable {
        struct State {
            var all = 0
            var owners: [ConnectionShare.Owner: Int] = [:]
        }
        let state = Mutex(State())
    }

    package init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    /// - Returns: nil where `bounds` are reached.
    package func submit(for owner: ConnectionShare.Owner, _ bounds: Bounds, _ work: @escaping Work) -> PendingAnswer? {
        let isAccepted = counts.state.withLock { state in
            guard state.all < bounds.all, state.owners[owner, default: 0] < bounds.each else { return false }
            state.all += 1
            state.owners[owner, default: 0] += 1
            return true
        }
        guard isAccepted else { return nil }
        let answer = PendingAnswer(owner)
        continuation.yield((answer, work))
        return answer
    }

    /// Runs until `finish` was called and the last answer is given.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await (answer, work) in stream {
                group.addTask { [counts] in
                    await answer.run(work)
                    counts.state.withLock { state in
                        state.all -= 1
                        state.owners[answer.owner, default: 1] -= 1
                        if state.owners[answer.owner] == 0 { state.owners[answer.owner] = nil }
                    }
                }
            }
        }
    }

    /// How many answers wait or run.
    package var count: Int { counts.state.withLock { $0.all } }

    package func finish() {
        continuation.finish()
    }
}

/// An answer that is being produced.
package final class PendingAnswer: Sendable {
    private struct State {
        var task: Task<Void, Never>?
        var isEnded = false
        var instead: Outcome?
    }

    let owner: ConnectionShare.Owner
    private let state = Mutex(State())

    init(_ owner: ConnectionShare.Owner) {
        self.owner = owner
    }

    /// What is answered in place of the work's own outcome.
    package var instead: Outcome? { state.withLock { $0.instead } }

    /// Ends the wait for the answer, because nobody waits for it any more or its caller may not have it.
    package func end(with outcome: Outcome? = nil) {
        let task = state.withLock { state in
            state.isEnded = true
            state.instead = state.instead ?? outcome
            return state.task
        }
        task?.cancel()
    }

    /// Runs the work in a task of its own, which `end` cancels.
    func run(_ work: @escaping PendingAnswers.Work) async {
        let task = Task { await work(self) }
        let isEnded = state.withLock { state in
            state.task = task
            return state.isEnded
        }
        if isEnded { task.cancel() }
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        state.withLock { $0.task = nil }
    }
}
