import Configuration
import Providers
package import Store
import Synchronization
import Time
import Tokens

/// Who asks for combinations of per-request inputs, and how many it may have at a time.
package struct CombinationOwner: Sendable {
    package var name: String
    package var share: Int

    package init(name: String, share: Int) {
        self.name = name
        self.share = share
    }
}

/// The keepers of an entry with per-request inputs, by combination. Each owner has a share of the entry's limit; over it, its own least
/// recently used combination goes first, so that nobody's keep another from a new one.
///
/// The broker changes them; event loops look up cells without waiting for it.
package final class Combinations: Sendable {
    private let state = Mutex(State())

    /// Their names and patterns of the entry's inputs. A value that no longer matches has no cell for event loops. With a changed configuration
    /// or secret, no pause of before counts.
    func follow(_ inputs: [PerRequestInput]) {
        state.withLock { state in
            state.inputs = inputs
            state.paused = [:]
        }
    }

    var keepers: [TokenKeeper] { state.withLock { $0.combinations.values.map(\.keeper) } }

    /// The keeper of a combination, which counts as used now.
    func keeper(_ name: RecordName) -> TokenKeeper? { state.withLock { $0.keeper(name) } }

    /// The cell of a combination that callers may ask for; its use is noted in the cell.
    package func cell(_ name: RecordName) -> TokenCell? { state.withLock { $0.cell(name) } }

    /// The pause of a combination that gave way to others, if it is not over; it is forgotten here.
    func takePause(of name: RecordName, at now: BootInstant) -> PausedLogin? {
        state.withLock { $0.paused.removeValue(forKey: name) }.flatMap { $0.trouble.isPausing(at: now) ? $0 : nil }
    }

    func add(_ keeper: TokenKeeper, _ name: RecordName, of owner: String) { state.withLock { $0.add(keeper, name, of: owner) } }

    /// Makes room for one more combination of this owner; returns the keepers that have to go. Their pauses are kept, up to `limit` of them.
    func makeRoom(for owner: CombinationOwner, limit: Int) -> [TokenKeeper] { state.withLock { $0.makeRoom(for: owner, limit: limit) } }
}

private struct State {
    struct Combination {
        let keeper: TokenKeeper
        let owner: String
        /// When the broker was asked for it last; no two are alike.
        var lastUse: BootInstant
        /// Its place in its owner's queue; an entry with another instant is void.
        var queuedAt: BootInstant

        /// Its last use, by the broker or by an event loop, which notes the second only.
        var age: BootInstant { max(lastUse, BootInstant(nanoseconds: keeper.cell.lastAsked.load(ordering: .relaxed) * 1_000_000_000)) }
    }

    var inputs: [PerRequestInput] = []
    var combinations: [RecordName: Combination] = [:]
    /// How many each owner has.
    private var counts: [String: Int] = [:]
    /// Each owner's combinations by a use that may have been followed by others.
    private var queues: [String: InstantHeap<RecordName>] = [:]
    private var lastUse = BootInstant(nanoseconds: 0)
    /// The pauses of combinations that gave way.
    var paused: [RecordName: PausedLogin] = [:]

    mutating func keeper(_ name: RecordName) -> TokenKeeper? {
        guard let keeper = combinations[name]?.keeper, !keeper.hasEnded else { return nil }
        let used = use(of: keeper)
        combinations[name]?.lastUse = used
        return keeper
    }

    func cell(_ name: RecordName) -> TokenCell? {
        guard let keeper = combinations[name]?.keeper, !keeper.hasEnded, name.perRequest.count == inputs.count else { return nil }
        for input in inputs {
            guard let value = name.perRequest[input.name], InputRule.problem(with: value, named: input.name, pattern: input.pattern) == nil else {
                return nil
            }
        }
        return keeper.cell
    }

    mutating func add(_ keeper: TokenKeeper, _ name: RecordName, of owner: String) {
        remove(name)
        let now = use(of: keeper)
        counts[owner, default: 0] += 1
        combinations[name] = Combination(keeper: keeper, owner: owner, lastUse: now, queuedAt: now)
        queues[owner, default: InstantHeap()].push(name, at: now)
    }

    private mutating func use(of keeper: TokenKeeper) -> BootInstant {
        lastUse = max(lastUse + .nanoseconds(1), keeper.environment.clocks.boot)
        return lastUse
    }

    mutating func makeRoom(for owner: CombinationOwner, limit: Int) -> [TokenKeeper] {
        var gone: [TokenKeeper] = []
        while counts[owner.name, default: 0] >= min(owner.share, limit), let oldest = removeOldest(of: owner.name) { gone.append(oldest) }
        // The shares have changed since, or do not divide the limit: whoever has most gives way.
        while combinations.count >= limit, let largest = counts.max(by: { ($0.value, $0.key) < ($1.value, $1.key) })?.key,
            let oldest = removeOldest(of: largest)
        { gone.append(oldest) }
        for keeper in gone { keepPause(of: keeper, limit: limit) }
        // Keepers that ended themselves have rested longest: they are among the first.
        return gone.filter { !$0.hasEnded }
    }

    private mutating func keepPause(of keeper: TokenKeeper, limit: Int) {
        let now = keeper.environment.clocks.boot
        guard let pause = keeper.pausedLogin.withLock({ $0 }), pause.trouble.isPausing(at: now) else { return }
        paused[RecordName(keeper.cell.name, keeper.perRequest)] = pause
        guard paused.count > limit else { return }
        paused = paused.filter { $0.value.trouble.isPausing(at: now) }
        let first = paused.min { $0.value.trouble.retryAt ?? .distantFuture < $1.value.trouble.retryAt ?? .distantFuture }
        if paused.count > limit, let first { paused[first.key] = nil }
    }

    private mutating func remove(_ name: RecordName) {
        guard let owner = combinations.removeValue(forKey: name)?.owner else { return }
        counts[owner, default: 1] -= 1
        if counts[owner] == 0 { (counts[owner], queues[owner]) = (nil, nil) }
    }

    /// The first of the queue, unless it was used since it was put there: then it is put there again.
    private mutating func removeOldest(of owner: String) -> TokenKeeper? {
        while let first = queues[owner]?.first {
            queues[owner]?.pop()
            guard let combination = combinations[first.element], combination.queuedAt == first.instant else { continue }
            if combination.age > first.instant {
                combinations[first.element]?.queuedAt = combination.age
                queues[owner]?.push(first.element, at: combination.age)
                continue
            }
            remove(first.element)
            return combination.keeper
        }
        return nil
    }
}
