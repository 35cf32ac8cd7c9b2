package import Configuration
package import Fleet
import Login
package import OutboundHTTP
package import Secrets
package import Store
package import Time
package import Tokens

/// Owns the keepers of all configured tokens, by name and by the values of per-request inputs.
package actor TokenBroker {
    /// Accessed only by the broker.
    private final class Entry {
        var configuration: TokenConfiguration
        /// Keeps the token; nil for an entry with per-request inputs, which has one keeper per combination.
        let keeper: TokenKeeper?
        let combinations = Combinations()

        init(configuration: TokenConfiguration, keeper: TokenKeeper?) {
            self.configuration = configuration
            self.keeper = keeper
            combinations.follow(configuration.perRequest)
        }

        var keepers: [TokenKeeper] { [keeper].compactMap { $0 } + combinations.keepers }
    }

    package nonisolated let board = TokenBoard()
    package nonisolated let schedule: RefreshSchedule
    private let clocks: any Clocks
    private let events: any EventSink
    private let store: StoreWriter?
    private let fleet: FleetMember?
    private let makePerformer: @Sendable (any TokenInputs) -> LoginPerformer
    private let identity: HostIdentity
    private let makeGenerator: @Sendable () -> any RandomNumberGenerator & Sendable
    private lazy var environment = KeeperEnvironment(
        clocks: clocks, performer: makePerformer(ChainedInputs(self)), events: events, identity: identity, schedule: schedule, store: store,
        fleet: fleet, makeGenerator: makeGenerator)
    private var entries: [String: Entry] = [:]
    private var restoration: Restoration
    /// The wall clock's offset when the restored records were read.
    private let firstOffset: Duration
    private var isStopping = false
    /// Logouts under way.
    private var ending: [Task<Void, Never>] = []

    /// - Parameters:
    ///   - store: nil if tokens are kept only in memory.
    ///   - restored: what the store held at start.
    ///   - fleet: nil if this host shares no accounts.
    ///   - makeGenerator: makes the random number generator for one keeper's jitter.
    package init(
        clocks: any Clocks, transport: any HTTPTransport, secrets: any SecretSource, events: any EventSink,
        identity: HostIdentity = HostIdentity(), store: StoreWriter? = nil, restored: [StoredToken] = [], fleet: FleetMember? = nil,
        bounds: LoginBounds = .init(),
        makeGenerator: @escaping @Sendable () -> any RandomNumberGenerator & Sendable = { SystemRandomNumberGenerator() }
    ) {
        self.makeGenerator = makeGenerator
        firstOffset = clocks.offset
        self.clocks = clocks
        self.events = events
        self.store = store
        self.fleet = fleet
        self.identity = identity
        restoration = Restoration(restored, identity: identity)
        let gate = LoginGate(bounds: bounds, clocks: clocks)
        makePerformer = { LoginPerformer(clocks: clocks, transport: transport, secrets: secrets, gate: gate, inputs: $0) }
        // Enough logins in progress to fill every slot at the partners, and few enough to hold in memory.
        schedule = RefreshSchedule(clocks: clocks, bound: 2 * bounds.parallel)
    }

    /// Keeps all tokens, including those added later, until `stop`.
    package func run() async {
        async let checked: Void = checkRestored()
        let clockWatch = Task { [weak self, clocks, firstOffset] in
            var offset = firstOffset
            while (try? await clocks.wallClockSet(from: offset)) != nil {
                let new = clocks.offset
                let step = new - offset
                offset = new
                await self?.wallClockStepped(by: step)
            }
        }
        defer { clockWatch.cancel() }
        store?.onReplacement { [weak self] in await self?.saveAll() }
        guard let fleet else {
            await schedule.run()
            return await checked
        }
        for record in await fleet.restore() { await receive(record) }
        await withTaskGroup { group in
            group.addTask { await fleet.run() }
            group.addTask { for await heard in fleet.news { await self.hear(heard) } }
            await schedule.run()
            group.cancelAll()
        }
        await checked
    }

    /// Saves every token: another file has taken the place of the store's, or the wall clock was set and the records name another.
    private func saveAll() async {
        for entry in entries.values { for keeper in entry.keepers { await keeper.saveAgain() } }
    }

    /// A wall clock that steps forward may have slept without its boot-time clock, and every token be older than that says: each is renewed
    /// soon, those with the least left first.
    private func wallClockStepped(by step: Duration) async {
        if step > Self.sleptStep {
            let left = keepers.map { keeper in (keeper, keeper.cell.current?.token.remaining(at: clocks.boot) ?? .zero) }.sorted { $0.1 < $1.1 }
            for (place, (keeper, _)) in left.enumerated() { await keeper.renewSoon(at: clocks.boot + .milliseconds(Int64(place))) }
        }
        await saveAll()
        for record in restoration.follow(step, clocks: clocks) { store?.save(record) }
    }

    /// A step of the wall clock that a sleep explains better than a correction.
    private static let sleptStep = Duration.seconds(60)

    private func hear(_ heard: FleetHearing) async {
        switch heard {
        case .record(let record): await receive(record)
        case .loaded(let names):
            // A store that was restored may lack what this host holds.
            for entry in entries.values { for keeper in entry.keepers { await keeper.noteLoaded(names) } }
        }
    }

    /// Passes a record of the fleet to the keeper it belongs to.
    private func receive(_ record: FleetRecord) async {
        let name = record.token.name
        guard let entry = entries[name.token] else { return }
        await (name.perRequest.isEmpty ? entry.keeper : entry.combinations.keeper(name))?.receive(record)
    }

    /// Checks that restored tokens, which are served at once, were obtained with the current secrets.
    private func checkRestored() async {
        let restored = restoration.takeUnchecked().compactMap { keeper in entries[keeper.cell.name].map { (keeper, $0.configuration) } }
        let digests = await digests(of: restored.map(\.1))
        for (keeper, known) in restored {
            // The entry may have been removed or changed meanwhile.
            guard !isStopping, let current = entries[keeper.cell.name], current.keeper === keeper, current.configuration == known,
                let digests = digests[known.name]
            else { continue }
            _ = await keeper.reconfigure(known, inputDigests: digests)
        }
    }

    /// How long the secrets of all entries may take to be read, and how many are read side by side.
    private static let (readingTime, readers) = (Duration.seconds(10), 64)

    /// Digests of the entries' inputs as they are now, by entry. One that cannot be read in time is left out: a command that hangs must hold
    /// up neither a reload nor a stop. A secret that cannot be read is reported at once, not when its token is due.
    private func digests(of tokens: [TokenConfiguration]) async -> [String: [[UInt8]]] {
        let (performer, clocks) = (environment.performer, clocks)
        return await withTaskGroup(of: (name: String, digests: [[UInt8]], problem: String?)?.self) { group in
            var rest = tokens[...]
            var reading = 0
            func readNext() {
                guard let token = rest.popFirst() else { return }
                reading += 1
                group.addTask {
                    do throws(LoginFailure) {
                        let inputs = try await performer.ownInputs(token)
                        return (token.name, inputs.digests, inputs.problem)
                    } catch {
                        return (token.name, [], Task.isCancelled ? nil : error.reason)
                    }
                }
            }
            group.addTask {
                try? await clocks.sleep(until: clocks.boot + Self.readingTime)
                return nil
            }
            for _ in 0..<Self.readers { readNext() }
            var found: [String: [[UInt8]]] = [:]
            while reading > 0, let result = await group.next() {
                guard let result else {
                    rest = []
                    group.cancelAll()
                    continue
                }
                reading -= 1
                if !result.digests.isEmpty { found[result.name] = result.digests }
                if let problem = result.problem { events.record(.secretUnreadable(token: result.name, problem: problem)) }
                readNext()
            }
            group.cancelAll()
            return found
        }
    }

    /// Stops every keeper and ends every wait.
    package func stop() async {
        isStopping = true
        let all = keepers
        for keeper in all { await keeper.stop() }
        schedule.end()
        await withTaskGroup { group in
            group.addTask { [clocks] in try? await clocks.sleep(until: clocks.boot + Self.finishTime) }
            group.addTask { [ending] in await Self.finish(all, ending) }
            await group.next()
            group.cancelAll()
            for keeper in all { await keeper.abandon() }
        }
    }

    /// Waits for logins that are not cancelled, and ends the sessions that a stop ends.
    private static func finish(_ keepers: [TokenKeeper], _ ending: [Task<Void, Never>]) async {
        await withTaskGroup { group in
            for keeper in keepers {
                group.addTask {
                    await keeper.finish()
                    await keeper.endSessionForStop()
                }
            }
            for task in ending { group.addTask { await task.value } }
        }
    }

    /// How long a stop waits for refreshes and logouts in progress.
    private static let finishTime = Duration.seconds(8)

    private var keepers: [TokenKeeper] { entries.values.flatMap(\.keepers) }

    // MARK: Configuration

    /// Applies a configuration: new entries log in, changed ones log in while their old token is served, removed ones are stopped,
    /// and all others keep their token and timers.
    package func apply(_ configuration: BrokerConfiguration) async {
        let change = ConfigurationChange(from: entries.mapValues(\.configuration), to: configuration.tokens)
        let staying = Set(change.steps.compactMap { if case .reconfigure(let name) = $0 { name } else { nil } })
        let digests = await digests(of: configuration.tokens.filter { staying.contains($0.name) })
        let wanted = Dictionary(configuration.tokens.map { ($0.name, $0) }) { $1 }
        var (added, changed) = (0, 0)
        for name in change.removed { await remove(name) }
        for step in change.steps {
            guard !isStopping else { return }
            switch step {
            case .launch(let name):
                if let token = wanted[name] { enter(token) }
                added += 1
            case .relaunch(let name):
                if let old = entries[name] { await stop(old) }
                if let token = wanted[name] { enter(token) }
                added += 1
            case .reconfigure(let name):
                if let token = wanted[name], await reconfigure(token, digests[name] ?? []) { changed += 1 }
            }
        }
        for name in restoration.drop(allBut: Set(wanted.keys)) { store?.remove(name) }
        board.replace(
            entries.compactMapValues { $0.keeper?.cell }, entries.compactMapValues { $0.keeper == nil ? $0.combinations : nil })
        events.record(.reloaded(added: added, changed: changed, removed: change.removed.count))
    }

    private func enter(_ token: TokenConfiguration) {
        entries[token.name] = Entry(configuration: token, keeper: token.perRequest.isEmpty ? launch(token, perRequest: [:]) : nil)
    }

    /// Removes an entry, and its tokens from the store.
    private func remove(_ name: String) async {
        guard let entry = entries.removeValue(forKey: name) else { return }
        for keeper in entry.keepers { store?.remove(RecordName(name, keeper.perRequest)) }
        for keeper in entry.combinations.keepers { keeper.cell.retire() }
        await stop(entry)
        endSessions(entry.keepers)
    }

    /// Reconfigures an entry's keepers; combinations created while this waits already have the new configuration.
    ///
    /// - Parameter digests: one for each alternative of the current inputs; empty if they could not be read.
    /// - Returns: whether a keeper's login changed or may be tried again.
    private func reconfigure(_ token: TokenConfiguration, _ digests: [[UInt8]]) async -> Bool {
        entries[token.name]?.configuration = token
        entries[token.name]?.combinations.follow(token.perRequest)
        var isChanged = false
        for keeper in entries[token.name]?.keepers ?? [] {
            let isNew = await keeper.reconfigure(token, inputDigests: digests)
            isChanged = isChanged || isNew
        }
        return isChanged
    }

    /// Applies changed secret files: entries that use them log in with the new content, and rejected credentials are retried.
    package func secretsChanged(_ paths: Set<String>) async {
        let concerned = entries.values.map(\.configuration).filter { entry in
            !paths.isDisjoint(with: entry.files)
        }
        let digests = await digests(of: concerned)
        for entry in concerned {
            // The entry may have been removed or changed while they were read.
            guard let current = entries[entry.name]?.configuration, current == entry else { continue }
            if await reconfigure(current, digests[entry.name] ?? []) { events.record(.secretChanged(token: entry.name)) }
        }
    }

    /// Makes the logouts of keepers that are dropped; nobody waits for them but the stop.
    private func endSessions(_ keepers: [TokenKeeper]) {
        guard environment.fleet == nil else { return }
        for keeper in keepers { ending.append(Task { await keeper.endSessions() }) }
        if ending.count > 256 { ending.removeFirst(ending.count - 256) }
    }

    private func stop(_ entry: Entry) async {
        for keeper in entry.keepers { await keeper.stop() }
    }

    private func launch(_ token: TokenConfiguration, perRequest: [String: String]) -> TokenKeeper {
        let name = RecordName(token.name, perRequest)
        let record = restoration.take(name, for: token, clocks: clocks)
        let pause = entries[token.name]?.combinations.takePause(of: name, at: clocks.boot)
        let keeper = TokenKeeper(token, perRequest: perRequest, environment: environment, record: record, pause: pause)
        if record != nil, perRequest.isEmpty { restoration.check(keeper) }
        // The partner's pause for the account holds for its other entries too.
        if let trouble = record?.state.trouble, let account = trouble.failure.pausedAccount, let end = trouble.retryAt {
            let gate = environment.performer.gate
            Task { await gate.pause(account: account, until: end) }
        }
        schedule.plan(keeper, at: clocks.boot)
        return keeper
    }

    // MARK: Lookup

    package var names: [String] { Array(entries.keys) }

    package func configuration(of name: String) -> TokenConfiguration? { entries[name]?.configuration }

    /// The keeper of a token; created if the combination of per-request inputs is new, which may end another one of the same owner.
    ///
    /// - Parameter owner: whose share a new combination counts towards; nil: the entry's whole limit.
    /// - Returns: nil for an unknown name.
    /// - Throws: `TokenRefusal` if the broker is stopping.
    package func keeper(_ name: String, perRequest: [String: String], for owner: CombinationOwner? = nil) throws(TokenRefusal) -> TokenKeeper? {
        guard !isStopping else { throw TokenRefusal(.stopping) }
        guard let entry = entries[name] else { return nil }
        if let keeper = entry.keeper { return keeper }
        let record = RecordName(name, perRequest)
        if let keeper = entry.combinations.keeper(record) { return keeper }
        // No suspension from here on: two callers must not create two keepers for one combination.
        let limit = entry.configuration.combinations
        let owner = owner ?? CombinationOwner(name: "", share: limit)
        for old in entry.combinations.makeRoom(for: owner, limit: limit) {
            old.cell.retire()
            store?.remove(RecordName(name, old.perRequest))
            Task { await old.stop() }
            endSessions([old])
        }
        let keeper = launch(entry.configuration, perRequest: perRequest)
        entry.combinations.add(keeper, record, of: owner.name)
        return keeper
    }

    /// The status of every token, ordered by name, with one element for each combination of per-request inputs.
    package func statuses() async -> [TokenStatus] {
        var statuses: [TokenStatus] = []
        for keeper in keepers where !keeper.hasEnded { statuses.append(await keeper.status()) }
        return statuses.sorted { ($0.name, $0.inputs.description) < ($1.name, $1.inputs.description) }
    }
}
