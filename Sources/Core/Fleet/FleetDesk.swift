package import Store
import Synchronization
package import Time
package import Tokens

/// One host's place in a fleet: asks for the lock before a login, hands out what others logged in, writes down its own.
package final class FleetDesk: Sendable {
    /// What is to be done about a login that is due.
    package enum Turn: Sendable {
        /// Log in; without a lock, alone. With what the fleet remembers of earlier logins.
        case login(FleetLock?, LoginMemory?)
        /// Another host has.
        case take(TokenRecord)
        case wait(LoginFailure)
    }

    private struct State {
        /// The revision last seen of each record.
        var revisions: [FleetName: Int64] = [:]
        /// Could not be written, and is when the store is back: with the revision it is written over.
        var unwritten: [FleetName: (token: StoredToken, over: Int64)] = [:]
        var waiting: [UInt64: (token: String, continuation: CheckedContinuation<FleetRecord?, Never>)] = [:]
        var nextWaiter: UInt64 = 0
        var isLost = false
        var retryAt = BootInstant(nanoseconds: 0)
    }

    private let store: any FleetStore
    private let clocks: any Clocks
    private let events: any EventSink
    private let makeGenerator: @Sendable () -> any RandomNumberGenerator & Sendable
    private let identity: HostIdentity
    /// Names this daemon where a record says who logged in.
    package let host: String
    private let state = Mutex(State())
    package let news: AsyncStream<FleetRecord>
    private let tell: AsyncStream<FleetRecord>.Continuation

    /// How long a login waits for another host's.
    private static let patience = Duration.seconds(30)
    /// Between two looks at a lock that is taken, where no news came.
    private static let look = Duration.seconds(1)
    /// A watch that ends sooner is not begun again at once.
    private static let shortWatch = Duration.seconds(5)

    package init(
        store: any FleetStore, clocks: any Clocks, events: any EventSink, identity: HostIdentity, host: String,
        makeGenerator: @escaping @Sendable () -> any RandomNumberGenerator & Sendable = { SystemRandomNumberGenerator() }
    ) {
        self.store = store
        self.clocks = clocks
        self.events = events
        self.identity = identity
        self.host = host
        self.makeGenerator = makeGenerator
        (news, tell) = AsyncStream.makeStream()
    }

    /// What the store holds at start; nothing where it cannot be reached.
    package func restore() async -> [FleetRecord] {
        do throws(StoreFault) {
            return try await store.load().records
        } catch {
            lost(error)
            return []
        }
    }

    /// Hears what others write, until it is cancelled; where the store is lost it comes back to it.
    package func run() async {
        var failures = 0
        while !Task.isCancelled {
            do throws(StoreFault) {
                let (records, revision) = try await store.load()
                failures = 0
                found()
                for record in records { hear(.record(record)) }
                await writeUnwritten()
                // A watch that is cut says nothing of the store: the next look does.
                let began = clocks.boot
                try? await store.watch(from: revision + 1) { [weak self] in self?.hear($0) }
                if clocks.boot - began < Self.shortWatch { try? await clocks.sleep(until: clocks.boot + Self.look) }
            } catch {
                guard !Task.isCancelled else { break }
                lost(error)
                failures += 1
                try? await clocks.sleep(until: clocks.boot + BackoffPolicy.doubled(.milliseconds(250), failures, cap: .seconds(5)))
            }
        }
        tell.finish()
    }

    private func hear(_ news: FleetNews) {
        switch news {
        case .record(let record):
            state.withLock { state in
                state.revisions[record.name] = max(state.revisions[record.name] ?? 0, record.revision)
                // Another host has been faster: its record counts.
                if let own = state.unwritten[record.name], own.over < record.revision { state.unwritten[record.name] = nil }
            }
            tell.yield(record)
            wake(record.token.name.token, record)
        case .unlocked(let name): wake(name.token)
        }
    }

    /// A stored record on this boot's clock. Its age is the store's word, never less than the truth by more than the second its
    /// time is told in.
    package func record(_ stored: FleetRecord, policy: RefreshPolicy) -> TokenRecord? {
        guard var record = TokenRecord(stored.token.record, policy: policy) else { return nil }
        if record.bootID != identity.bootID {
            record.state.move(by: (clocks.boot - record.boot) - stored.age)
        }
        return record
    }

    // MARK: Turns

    package func turn(_ name: FleetName, for due: FleetPolicy.DueLogin) async -> Turn {
        var deadline = clocks.boot + Self.patience
        var isLastTry = false
        while clocks.boot < deadline, !Task.isCancelled {
            do throws(StoreFault) {
                if !isLastTry { try checkStore() }
                if let turn = try await tryTurn(name, for: due) { return turn }
                isLastTry = false
                // What woke it may be all there is to know: of ten thousand hosts that wait none need ask then.
                if let news = await change(of: name.record.token), news.name == name, let record = enough(news, for: due) {
                    return .take(record)
                }
            } catch {
                guard !Task.isCancelled else { break }
                lost(error)
                guard FleetPolicy.maySolo(isExclusive: due.isExclusive, own: due.own) else { return .wait(Self.forbidden) }
                if isLastTry { return .login(nil, nil) }
                // Members elect a leader within moments: once more after the pause.
                isLastTry = true
                var generator = makeGenerator()
                let pause = FleetPolicy.soloPause(
                    remaining: due.own.remaining, trigger: due.trigger, draw: Double.random(in: 0..<1, using: &generator))
                try? await clocks.sleep(until: clocks.boot + pause)
                deadline = clocks.boot + Self.patience
            }
        }
        var failure = LoginFailure(.waiting, "waiting for another host's login")
        failure.waitingFor = .transient
        failure.retryAfter = .seconds(2)
        return .wait(failure)
    }

    /// Nil where another host has the lock, and nothing that helps has been written yet.
    private func tryTurn(_ name: FleetName, for due: FleetPolicy.DueLogin) async throws(StoreFault) -> Turn? {
        let locking = try await store.lock(name, for: due.lockTime)
        if found() { await writeUnwritten() }
        let (lock, stored): (FleetLock?, FleetRecord?) =
            switch locking {
            case .mine(let lock, let record): (lock, record)
            case .taken(let record): (nil, record)
            }
        if let stored { state.withLock { $0.revisions[name] = max($0.revisions[name] ?? 0, stored.revision) } }
        if let stored, let record = enough(stored, for: due) {
            await unlock(lock)
            return .take(record)
        }
        // What this host could not write yet is newer than what is there.
        let isNewest = state.withLock { $0.unwritten[name] != nil }
        return lock.map { .login($0, isNewest ? nil : stored.flatMap { record($0, policy: due.policy)?.memory }) }
    }

    /// A record with which this host has no need to log in, or no right to.
    private func enough(_ stored: FleetRecord, for due: FleetPolicy.DueLogin) -> TokenRecord? {
        guard let record = record(stored, policy: due.policy) else { return nil }
        let tried = LoginMemory.digest(ofAll: due.inputs)
        return FleetPolicy.suffices(record, own: due.own, inputs: due.inputs, trigger: due.trigger, at: clocks.boot)
            || FleetPolicy.forbids(record, tried: tried, trigger: due.trigger, at: clocks.boot) ? record : nil
    }

    /// With the store lost, of credentials that another host used last.
    private static let forbidden: LoginFailure = {
        var failure = LoginFailure(.waiting, "the fleet's store is lost, and another host logged in last with these exclusive credentials")
        failure.waitingFor = .transient
        failure.retryAfter = .seconds(5)
        return failure
    }()

    /// A store that was just lost is not asked again by each login that is due.
    private func checkStore() throws(StoreFault) {
        let isResting = state.withLock { $0.isLost && clocks.boot < $0.retryAt }
        if isResting { throw StoreFault("the fleet's store is lost") }
    }

    private func lost(_ fault: StoreFault) {
        let isNew = state.withLock { state in
            if !state.isLost || clocks.boot >= state.retryAt { state.retryAt = clocks.boot + .seconds(2) }
            defer { state.isLost = true }
            return !state.isLost
        }
        if isNew { events.record(.storeFailed(reason: fault.description)) }
    }

    /// - Returns: whether it was lost.
    @discardableResult
    private func found() -> Bool {
        let wasLost = state.withLock { state in
            defer { state.isLost = false }
            return state.isLost
        }
        if wasLost { events.record(.storeRecovered) }
        return wasLost
    }

    // MARK: Locks

    /// Runs a login, prolonging its lock as long as it takes.
    package func holding<Result: Sendable>(_ lock: FleetLock?, for time: Duration, _ login: @escaping @concurrent @Sendable () async -> Result) async
        -> Result
    {
        guard let lock else { return await login() }
        // Cancelled and awaited when the login has ended.
        async let _: Void = prolong(lock, every: time / 3)
        return await login()
    }

    private func prolong(_ lock: FleetLock, every time: Duration) async {
        while (try? await clocks.sleep(until: clocks.boot + time)) != nil { try? await store.prolong(lock) }
    }

    /// Writes what a login brought, under its lock; or over what was seen last, where it was made alone or its lock ran out.
    ///
    /// - Returns: another host's record, where that one counts.
    package func write(_ token: StoredToken, under lock: FleetLock?) async -> FleetRecord? {
        let name = FleetName(token.name, login: token.login)
        let seen = state.withLock { $0.unwritten[name]?.over ?? $0.revisions[name] ?? 0 }
        do throws(StoreFault) {
            var outcome = if let lock { try await store.write(token, under: lock) } else { try await store.write(token, over: seen) }
            // The lock ran out, and nobody has written since: what this login brought is still the newest there is.
            if case .refused(let record) = outcome, lock != nil, record?.revision ?? 0 <= seen {
                outcome = try await store.write(token, over: record?.revision ?? 0)
            }
            switch outcome {
            case .written(let revision):
                note(name, revision)
                return nil
            case .refused(let record):
                note(name, record?.revision ?? 0)
                return record
            }
        } catch {
            lost(error)
            state.withLock { $0.unwritten[name] = (token, seen) }
            return nil
        }
    }

    private func note(_ name: FleetName, _ revision: Int64) {
        state.withLock { state in
            state.revisions[name] = max(state.revisions[name] ?? 0, revision)
            state.unwritten[name] = nil
        }
    }

    package func unlock(_ lock: FleetLock?) async {
        guard let lock else { return }
        // In a task of its own: the login's may have been cancelled, and the lock would stay for its whole time.
        await Task { [store] in try? await store.unlock(lock) }.value
    }

    /// Back after a loss: hosts that logged in alone write over what was there before, the first one wins, the others take its.
    private func writeUnwritten() async {
        let unwritten = state.withLock { $0.unwritten }
        for own in unwritten.values {
            if let theirs = await write(own.token, under: nil) { hear(.record(theirs)) }
        }
    }

    // MARK: Waiting

    /// The news of a token that comes next; nil where none came in a moment, or only its lock is free.
    private func change(of token: String) async -> FleetRecord? {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        var timer: Task<Void, Never>?
        let news = await withCheckedContinuation { continuation in
            state.withLock { $0.waiting[number] = (token, continuation) }
            timer = Task { [weak self, clocks] in
                try? await clocks.sleep(until: clocks.boot + Self.look)
                self?.release(number)
            }
        }
        timer?.cancel()
        return news
    }

    private func release(_ number: UInt64) {
        state.withLock { $0.waiting.removeValue(forKey: number) }?.continuation.resume(returning: nil)
    }

    private func wake(_ token: String, _ news: FleetRecord? = nil) {
        let waiting = state.withLock { state in
            let woken = state.waiting.filter { $0.value.token == token }
            for number in woken.keys { state.waiting[number] = nil }
            return woken.values
        }
        for waiter in waiting { waiter.continuation.resume(returning: news) }
    }
}
