import Store
import Synchronization
package import Time
package import Tokens

/// A host's membership in a fleet: takes the lock before a login, supplies other hosts' results and writes this host's own.
package final class FleetMember: Sendable {
    /// What to do about a login that is due.
    package enum Decision: Sendable {
        /// Log in, without the fleet if the lock is nil; with the fleet's memory of earlier logins.
        case login(FleetLock?, LoginMemory?)
        /// Use the result of another host's login.
        case take(TokenRecord)
        case wait(LoginFailure)
    }

    /// Identifies this daemon in records.
    package let host: String
    let store: any FleetStore
    let clocks: any Clocks
    let availability: FleetAvailability
    let watch: FleetWatch
    private let events: any EventSink
    /// Since when each lock is seen to be held.
    private let held = Mutex<[RecordName: (lock: HeldLock, since: BootInstant)]>([:])
    /// Wakes the task that writes what could not be written.
    let (unwritten, noteUnwritten) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    private let makeGenerator: @Sendable () -> any RandomNumberGenerator & Sendable

    /// How long a login waits for another host's login.
    private static let maximumWait = Duration.seconds(30)

    package init(
        store: any FleetStore, clocks: any Clocks, events: any EventSink, host: String,
        makeGenerator: @escaping @Sendable () -> any RandomNumberGenerator & Sendable = { SystemRandomNumberGenerator() }
    ) {
        self.store = store
        self.clocks = clocks
        self.events = events
        self.host = host
        self.makeGenerator = makeGenerator
        availability = FleetAvailability(clocks: clocks, events: events)
        watch = FleetWatch(store: store, clocks: clocks, availability: availability)
    }

    /// Records as they are loaded or written by any host.
    package var news: AsyncStream<FleetHearing> { watch.news }

    /// The records in the store at start; empty if it cannot be reached.
    package func restore() async -> [FleetRecord] {
        do throws(StoreFault) {
            return try await store.load().records
        } catch {
            availability.lost(error)
            return []
        }
    }

    /// Follows what other hosts write, until it is cancelled; once the store takes writes again, writes what could not be written.
    package func run() async {
        await withTaskGroup { group in
            group.addTask { await self.writeLate() }
            await watch.run(draw: draw) { await self.writeUnwritten() }
            group.cancelAll()
        }
    }

    /// A random number from 0 to 1.
    package func draw() -> Double {
        var generator = makeGenerator()
        return Double.random(in: 0..<1, using: &generator)
    }

    /// A stored record, converted to this boot's clock.
    package func record(_ stored: FleetRecord, policy: RefreshPolicy) -> TokenRecord? { FleetOrder.record(stored, policy: policy) }

    // MARK: Decisions

    /// Waits for the lock or for another host's result.
    package func decide(_ name: FleetName, for due: FleetPolicy.DueLogin) async -> Decision {
        var deadline = clocks.boot + Self.maximumWait
        var isLastTry = false
        while clocks.boot < deadline, !Task.isCancelled {
            do throws(StoreFault) {
                if !isLastTry { try availability.check() }
                if let decision = try await tryLock(name, for: due) { return decision }
                isLastTry = false
                // The news itself may suffice: then none of ten thousand waiting hosts needs to ask the store.
                if let news = await watch.change(of: name.record.token), news.name == name, let record = sufficientRecord(news, for: due) {
                    return .take(record)
                }
            } catch {
                guard !Task.isCancelled else { break }
                availability.lost(error)
                guard FleetPolicy.maySolo(isExclusive: due.isExclusive, own: due.own) else { return .wait(Self.forbidden) }
                if isLastTry { return .login(nil, nil) }
                // Members elect a leader within moments: try once more after the pause.
                isLastTry = true
                let pause = FleetPolicy.soloPause(remaining: due.own.remaining, trigger: due.trigger, draw: draw())
                try? await clocks.sleep(until: clocks.boot + pause)
                deadline = clocks.boot + Self.maximumWait
            }
        }
        var failure = LoginFailure(.waiting, "waiting for another host's login")
        failure.waitingFor = .transient
        failure.retryAfter = .seconds(2)
        return .wait(failure)
    }

    /// Tries to take the lock; nil if another host holds it and has not yet written a usable record.
    private func tryLock(_ name: FleetName, for due: FleetPolicy.DueLogin) async throws(StoreFault) -> Decision? {
        let locking = try await store.lock(name, for: due.lockTime, over: overdue(name.record, after: due.longest))
        let (lock, stored): (FleetLock?, FleetRecord?) =
            switch locking {
            case .mine(let lock, let record): (lock, record)
            case .taken(let record, _): (nil, record)
            }
        note(locking, of: name.record)
        if availability.found(wrote: lock != nil) { await writeUnwritten() }
        if let stored { watch.records.withLock { $0.saw(name, stored.revision) } }
        if let stored, let record = sufficientRecord(stored, for: due) {
            await unlock(lock)
            return .take(record)
        }
        // A record that this host could not write yet is newer than the stored one, and so is its own of a later login.
        let isNewest = watch.records.withLock { $0.holds(name) }
        let memory = stored.flatMap { record($0, policy: due.policy)?.memory }.flatMap { $0.number >= due.own.number ? $0 : nil }
        return lock.map { .login($0, isNewest ? nil : memory) }
    }

    /// The lock that another host has held for longer than any login takes.
    private func overdue(_ name: RecordName, after longest: Duration) -> HeldLock? {
        held.withLock { held in held[name].flatMap { clocks.boot - $0.since > longest ? $0.lock : nil } }
    }

    /// Notes who holds a lock, and reports one that this host broke.
    private func note(_ locking: FleetLocking, of name: RecordName) {
        switch locking {
        case .taken(_, let lock?):
            held.withLock { if $0[name]?.lock != lock { $0[name] = (lock, clocks.boot) } }
        case .taken(_, nil): break
        case .mine(let lock, _):
            held.withLock { $0[name] = nil }
            if let broken = lock.broken { events.record(.fleetLockBroken(token: name.token, holder: broken)) }
        }
    }

    /// The record if it makes this host's login unnecessary, or forbids it.
    private func sufficientRecord(_ stored: FleetRecord, for due: FleetPolicy.DueLogin) -> TokenRecord? {
        guard let record = record(stored, policy: due.policy) else { return nil }
        let tried = LoginMemory.digest(ofAll: due.inputs)
        return FleetPolicy.suffices(record, own: due.own, inputs: due.inputs, trigger: due.trigger, at: clocks.boot)
            || FleetPolicy.forbids(record, tried: tried, number: due.own.number, host: host, trigger: due.trigger, at: clocks.boot) ? record : nil
    }

    /// The failure while the store is lost and this host is not known to have used exclusive credentials last.
    private static let forbidden: LoginFailure = {
        var failure = LoginFailure(
            .waiting, "the fleet's store cannot be reached, and this host was not the last to log in with these exclusive credentials")
        failure.waitingFor = .transient
        failure.retryAfter = .seconds(5)
        return failure
    }()

    // MARK: Locks

    /// Runs a login, and prolongs its lock until it ends.
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

    package func unlock(_ lock: FleetLock?) async {
        guard let lock else { return }
        // In a separate task: the login's may have been cancelled, and the lock would then last until it expires.
        await Task { [store] in try? await store.unlock(lock) }.value
    }
}
