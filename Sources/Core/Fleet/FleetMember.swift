package import Store
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
    private let store: any FleetStore
    private let clocks: any Clocks
    private let identity: HostIdentity
    private let availability: FleetAvailability
    private let watch: FleetWatch
    private let makeGenerator: @Sendable () -> any RandomNumberGenerator & Sendable

    /// How long a login waits for another host's login.
    private static let maximumWait = Duration.seconds(30)

    package init(
        store: any FleetStore, clocks: any Clocks, events: any EventSink, identity: HostIdentity, host: String,
        makeGenerator: @escaping @Sendable () -> any RandomNumberGenerator & Sendable = { SystemRandomNumberGenerator() }
    ) {
        self.store = store
        self.clocks = clocks
        self.identity = identity
        self.host = host
        self.makeGenerator = makeGenerator
        availability = FleetAvailability(clocks: clocks, events: events)
        watch = FleetWatch(store: store, clocks: clocks, availability: availability)
    }

    /// Records as they are loaded or written by any host.
    package var news: AsyncStream<FleetRecord> { watch.news }

    /// The records in the store at start; empty if it cannot be reached.
    package func restore() async -> [FleetRecord] {
        do throws(StoreFault) {
            return try await store.load().records
        } catch {
            availability.lost(error)
            return []
        }
    }

    /// Follows what other hosts write, until it is cancelled; once a lost store is back, writes what could not be written.
    package func run() async {
        await watch.run { await self.writeUnwritten() }
    }

    /// A stored record, converted to this boot's clock.
    ///
    /// The conversion uses the age by the store's clock, which may be too low by at most the second in which it states its time.
    package func record(_ stored: FleetRecord, policy: RefreshPolicy) -> TokenRecord? {
        guard var record = TokenRecord(stored.token.record, policy: policy) else { return nil }
        if record.bootID != identity.bootID {
            record.state.move(by: (clocks.boot - record.boot) - stored.age)
        }
        return record
    }

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
                var generator = makeGenerator()
                let pause = FleetPolicy.soloPause(
                    remaining: due.own.remaining, trigger: due.trigger, draw: Double.random(in: 0..<1, using: &generator))
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
        let locking = try await store.lock(name, for: due.lockTime)
        if availability.found() { await writeUnwritten() }
        let (lock, stored): (FleetLock?, FleetRecord?) =
            switch locking {
            case .mine(let lock, let record): (lock, record)
            case .taken(let record): (nil, record)
            }
        if let stored { watch.records.withLock { $0.saw(name, stored.revision) } }
        if let stored, let record = sufficientRecord(stored, for: due) {
            await unlock(lock)
            return .take(record)
        }
        // A record that this host could not write yet is newer than the stored one.
        let isNewest = watch.records.withLock { $0.holds(name) }
        return lock.map { .login($0, isNewest ? nil : stored.flatMap { record($0, policy: due.policy)?.memory }) }
    }

    /// The record if it makes this host's login unnecessary, or forbids it.
    private func sufficientRecord(_ stored: FleetRecord, for due: FleetPolicy.DueLogin) -> TokenRecord? {
        guard let record = record(stored, policy: due.policy) else { return nil }
        let tried = LoginMemory.digest(ofAll: due.inputs)
        return FleetPolicy.suffices(record, own: due.own, inputs: due.inputs, trigger: due.trigger, at: clocks.boot)
            || FleetPolicy.forbids(record, tried: tried, trigger: due.trigger, at: clocks.boot) ? record : nil
    }

    /// The failure while the store is lost and another host last used exclusive credentials.
    private static let forbidden: LoginFailure = {
        var failure = LoginFailure(.waiting, "the fleet's store is lost, and another host logged in last with these exclusive credentials")
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

    /// Writes a login's result under its lock, or over the revision seen last if there was no lock or it expired.
    ///
    /// - Returns: another host's record, if that one prevails.
    package func write(_ token: StoredToken, under lock: FleetLock?) async -> FleetRecord? {
        let name = FleetName(token.name, login: token.login)
        let seen = watch.records.withLock { $0.revision(under: name) }
        do throws(StoreFault) {
            var outcome = if let lock { try await store.write(token, under: lock) } else { try await store.write(token, over: seen) }
            // The lock expired, but no host has written since: this login's result is still the newest.
            if case .refused(let record) = outcome, lock != nil, record?.revision ?? 0 <= seen {
                outcome = try await store.write(token, over: record?.revision ?? 0)
            }
            switch outcome {
            case .written(let revision):
                watch.records.withLock { $0.settle(name, revision) }
                return nil
            case .refused(let record):
                watch.records.withLock { $0.settle(name, record?.revision ?? 0) }
                return record
            }
        } catch {
            availability.lost(error)
            watch.records.withLock { $0.keep(token, over: seen) }
            return nil
        }
    }

    package func unlock(_ lock: FleetLock?) async {
        guard let lock else { return }
        // In a separate task: the login's may have been cancelled, and the lock would then last until it expires.
        await Task { [store] in try? await store.unlock(lock) }.value
    }

    /// Writes what could not be written during a loss. Of hosts that logged in without the store, the first to write prevails, and the
    /// others adopt its record.
    private func writeUnwritten() async {
        for token in watch.records.withLock({ $0.all }) {
            if let theirs = await write(token, under: nil) { watch.receive(.record(theirs)) }
        }
    }
}
