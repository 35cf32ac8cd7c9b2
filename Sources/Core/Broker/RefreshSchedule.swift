import Synchronization
package import Time

/// When each keeper is to be looked at next: one timer for all of them, and a bound on logins begun at once.
///
/// Ten thousand tokens due together begin as many logins as `bound` and keep the others in line; a keeper between two
/// turns costs a few words here and no task.
package final class RefreshSchedule: Sendable {
    fileprivate struct Entry {
        let number: UInt64
        let keeper: ObjectIdentifier
    }

    fileprivate struct State {
        /// The plan that counts, by keeper; entries of the heap with another number are void.
        var plans: [ObjectIdentifier: (number: UInt64, keeper: TokenKeeper)] = [:]
        var heap = InstantHeap<Entry>()
        var next: UInt64 = 0
        /// Due, and in line for others' logins to end.
        var line: [TokenKeeper] = []
        var begun = 0
        var isEnded = false
        var isPoked = false
        /// Whoever waits for the loop to come round.
        var pulses: [CheckedContinuation<Void, Never>] = []
        var sleeper: Task<Void, Never>?
    }

    private let clocks: any Clocks
    /// Logins begun and not ended, at most; those that wait for another entry's token do not count.
    private let bound: Int
    private let state = Mutex(State())

    package init(clocks: any Clocks, bound: Int) {
        self.clocks = clocks
        self.bound = bound
    }

    // MARK: Planning

    /// Has the keeper take a turn at this instant, in place of what was planned for it.
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
            if !state.line.isEmpty { state.wake() }
        }
    }

    /// The earliest planned turn.
    package var nextTurn: BootInstant? {
        state.withLock { state in
            state.dropVoid()
            return state.heap.first?.instant
        }
    }

    /// Keepers with a turn planned.
    package var planned: Int { state.withLock { $0.plans.count } }

    // MARK: The loop

    /// Gives turns as they come due, until `end`.
    package func run() async {
        while !Task.isCancelled, let (due, until) = take(at: clocks.boot) {
            for continuation in takePulses() { continuation.resume() }
            for keeper in due { await keeper.turn() }
            if due.isEmpty { await sleep(until: until) }
        }
    }

    /// Returns when the loop has come round: every turn that was due has been taken, and all that is due has been looked at.
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
            state.line = []
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

    /// Keepers whose turn it is, and when the next ones are due; nil after `end`.
    private func take(at now: BootInstant) -> (due: [TokenKeeper], until: BootInstant)? {
        state.withLock { state in
            guard !state.isEnded else { return nil }
            var due: [TokenKeeper] = []
            state.dropVoid()
            while let next = state.heap.first, next.instant <= now {
                state.heap.pop()
                if let plan = state.plans.removeValue(forKey: next.element.keeper) {
                    if plan.keeper.isChained { due.append(plan.keeper) } else { state.line.append(plan.keeper) }
                }
                state.dropVoid()
            }
            let room = max(0, min(bound - state.begun, state.line.count))
            due += state.line.prefix(room)
            state.line.removeFirst(room)
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

    /// Drops entries at the front that were planned anew or forgotten.
    mutating func dropVoid() {
        while let entry = heap.first?.element, plans[entry.keeper]?.number != entry.number { heap.pop() }
    }
}
