package import Store
import Synchronization
package import Time
package import Tokens

/// One host's place in a fleet: asks for the lock before a login, hands out what others logged in, writes down its own.
package final class FleetMember: Sendable {
    /// What is to be done about a login that is due.
    package enum Decision: Sendable {
        /// Log in; without a lock, alone. With what the fleet remembers of earlier logins.
        case login(FleetLock?, LoginMemory?)
        /// Another host has.
        case take(TokenRecord)
        case wait(LoginFailure)
    }

    /// Names this daemon where a record says who logged in.
    package let host: String
    private let store: any FleetStore
    private let clocks: any Clocks
    private let identity: HostIdentity
    private let availability: FleetAvailability
    private let watch: FleetWatch
    private let makeGenerator: @Sendable () -> any RandomNumberGenerator & Sendable

    /// How long a login waits for another host's.
    private static let patience = Duration.seconds(30)

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

    /// What other hosts write, as it comes.
    package var news: AsyncStream<FleetRecord> { watch.news }

    /// What the store holds at start; nothing where it cannot be reached.
    package func restore() async -> [FleetRecord] {
        do throws(StoreFault) {
            return try await store.load().records
        } catch {
            availability.lost(error)
            return []
        }
    }

    /// Hears what others write, until it is cancelled; a store that was lost gets what could not be written.
    package func run() async {
        await watch.run { await self.writeUnwritten() }
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

    // MARK: Decisions

    /// Waits for the lock, or for another host's result.
    package func decide(_ name: FleetName, for due: FleetPolicy.DueLogin) async -> Decision {
        var deadline = clocks.boot + Self.patience
        var isLastTry = false
        while clocks.boot < deadline, !Task.isCancelled {
            do throws(StoreFault) {
                if !isLastTry { try availability.check() }
                if let decision = try await tryLock(name, for: due) { return decision }
                isLastTry = false
                // What woke it may be all there is to know: of ten thousand hosts that wait none need ask then.
                if let news = await watch.change(of: name.record.token), news.name == name, let record = enough(news, for: due) {
                    return .take(record)
                }
            } catch {
                guard !Task.isCancelled else { break }
                availability.lost(error)
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
    private func tryLock(_ name: FleetName, for due: FleetPolicy.DueLogin) async throws(StoreFault) -> Decision? {
        let locking = try await store.lock(name, for: due.lockTime)
        if availability.found() { await writeUnwritten() }
        let (lock, stored): (FleetLock?, FleetRecord?) =
            switch locking {
            case .mine(let lock, let record): (lock, record)
            case .taken(let record): (nil, record)
            }
        if let stored { watch.records.withLock { $0.saw(name, stored.revision) } }
        if let stored, let record = enough(stored, for: due) {
            await unlock(lock)
            return .take(record)
        }
        // What this host could not write yet is newer than what is there.
        let isNewest = watch.records.withLock { $0.holds(name) }
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
        let seen = watch.records.withLock { $0.revision(under: name) }
        do throws(StoreFault) {
            var outcome = if let lock { try await store.write(token, under: lock) } else { try await store.write(token, over: seen) }
            // The lock ran out, and nobody has written since: what this login brought is still the newest there is.
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
        // In a task of its own: the login's may have been cancelled, and the lock would stay for its whole time.
        await Task { [store] in try? await store.unlock(lock) }.value
    }

    /// Back after a loss: hosts that logged in alone write over what was there before, the first one wins, the others take its.
    private func writeUnwritten() async {
        for token in watch.records.withLock({ $0.all }) {
            if let theirs = await write(token, under: nil) { watch.hear(.record(theirs)) }
        }
    }
}
