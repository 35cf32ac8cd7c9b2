import Login
import Synchronization
package import Time

/// Schedules the turns of all keepers with one timer, and bounds the logins in progress.
///
/// If ten thousand tokens are due together, `bound` logins begin and the others queue. A keeper between two turns costs a few
/// machine words here and no task.
package final class RefreshSchedule: Sendable {
    fileprivate struct Entry {
        let number: UInt64
        let keeper: ObjectIdentifier
    }

    fileprivate struct State {
        /// The valid plan of each keeper; heap entries with another number are void.
        var plans: [ObjectIdentifier: (number: UInt64, keeper: TokenKeeper)] = [:]
        var heap = InstantHeap<Entry>()
        var next: UInt64 = 0
        /// Keepers that are due and wait for other logins to end, by the partner's host.
        var queue = TurnQueue<TokenKeeper>()
        var begun = 0
        var isEnded = false
        var isPoked = false
        /// Callers of `pulse`, which wait for the next pass of the loop.
        var pulses: [CheckedContinuation<Void, Never>] = []
        var sleeper: Task<Void, Never>?
    }

    private let clocks: any Clocks
    /// Maximum number of logins in progress; chained logins, which may wait for another entry's token, do not count.
    private let bound: Int
    private let state = Mutex(State())

    package init(clocks: any Clocks, bound: Int) {
        self.clocks = clocks
        self.bound = bound
    }

    // MARK: Planning

    /// Plans the keeper's next turn at this instant; replaces its previous plan.
    func plan(_ keeper: TokenKeeper, at instant: BootInstant) {
        state.withLock { state in
            guard !state.isEnded else { return }
            state.next += 1
            state.plans[ObjectIdentifier(keeper)] = (state.next, keeper)
            state.push(Entry(number: state.next, keeper: ObjectIdentifier(keeper)), at: instant)
            if state.heap.first?.element.number == state.next { state.wake() }
        }
    }

    func forget(_ keeper: TokenKeeper) {
        state.withLock { $0.plans[ObjectIdentifier(keeper)] = nil }
    }

    func loginBegan() { state.withLock { $0.begun += 1 } }

    func loginEnded() {
        state.withLock { state in
            state.begun -= 1
            if !state.queue.isEmpty { state.wake() }
        }
    }

    /// The earliest planned turn.
    package var nextTurn: BootInstant? {
        state.withLock { state in
            state.dropVoid()
            return state.heap.first?.instant
        }
    }

    /// The number of keepers with a planned turn.
    package var planned: Int { state.withLock { $0.plans.count } }

    // MARK: The loop

    /// Runs turns as they come due, until `end`.
    package func run() async {
        while !Task.isCancelled, let (due, until) = take(at: clocks.boot) {
            for continuation in takePulses() { continuation.resume() }
            for keeper in due { await keeper.turn() }
            if due.isEmpty { await sleep(until: until) }
        }
    }

    /// Returns after the loop's next pass: every turn that was due has been taken, and the schedule has been checked again.
    package func pulse() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard !state.isEnded else { return true }
                state.pulses.append(continuation)
                state.wake()
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    package func end() {
        let waiting = state.withLock { state in
            state.isEnded = true
            state.plans = [:]
            state.heap = InstantHeap()
            state.queue.removeAll()
            state.wake()
            defer { state.pulses = [] }
            return state.pulses
        }
        for continuation in waiting { continuation.resume() }
    }

    private func takePulses() -> [CheckedContinuation<Void, Never>] {
        state.withLock { state in
            defer { state.pulses = [] }
            return state.pulses
        }
    }

    /// The keepers whose turn it is, and when the next ones are due; nil after `end`.
    private func take(at now: BootInstant) -> (due: [TokenKeeper], until: BootInstant)? {
        state.withLock { state in
            guard !state.isEnded else { return nil }
            var due: [TokenKeeper] = []
            state.dropVoid()
            while let next = state.heap.first, next.instant <= now {
                state.heap.pop()
                if let plan = state.plans.removeValue(forKey: next.element.keeper) {
                    let keeper = plan.keeper
                    if keeper.isChained {
                        due.append(keeper)
                    } else {
                        state.queue.add(keeper, lane: keeper.host, isUrgent: !keeper.cell.isUsable(at: now))
                    }
                }
                state.dropVoid()
            }
            for _ in 0..<max(0, bound - state.begun) {
                guard let next = state.queue.next() else { break }
                due.append(next.element)
            }
            return (due, state.heap.first?.instant ?? .distantFuture)
        }
    }

    private func sleep(until instant: BootInstant) async {
        let clocks = clocks
        let task = state.withLock { state -> Task<Void, Never>? in
            guard !state.isPoked else {
                state.isPoked = false
                return nil
            }
            let task = Task<Void, Never> { try? await clocks.sleep(until: instant) }
            state.sleeper = task
            return task
        }
        guard let task else { return }
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        state.withLock { state in
            state.sleeper = nil
            state.isPoked = false
        }
    }
}

extension RefreshSchedule.State {
    mutating func wake() {
        isPoked = true
        sleeper?.cancel()
    }

    mutating func push(_ entry: RefreshSchedule.Entry, at instant: BootInstant) {
        if heap.count > 2 * plans.count + 64 { heap.keep { plans[$0.keeper]?.number == $0.number } }
        heap.push(entry, at: instant)
    }

    /// Drops entries at the front that were replaced or forgotten.
    mutating func dropVoid() {
        while let entry = heap.first?.element, plans[entry.keeper]?.number != entry.number { heap.pop() }
    }
}
