package import Configuration
package import Fleet
import Login
package import OutboundHTTP
package import Secrets
package import Store
import Synchronization
package import Time
package import Tokens

/// All tokens of a configuration: keepers by name, and by the values of per-request inputs below that.
package actor TokenBroker {
    /// Touched by the broker alone.
    private final class Entry {
        var configuration: TokenConfiguration
        /// Keeps the token; nil for an entry with per-request inputs, which has one keeper a combination.
        let keeper: TokenKeeper?
        var combinations: [[String: String]: TokenKeeper] = [:]

        init(configuration: TokenConfiguration, keeper: TokenKeeper?) {
            self.configuration = configuration
            self.keeper = keeper
        }
    }

    package nonisolated let board = TokenBoard()
    private let clocks: any Clocks
    private let transport: any HTTPTransport
    private let secrets: any SecretSource
    private let events: any EventSink
    private let identity: HostIdentity
    private let gate: LoginGate
    private var entries: [String: Entry] = [:]
    private var isStopping = false
    package nonisolated let schedule: RefreshSchedule
    private let store: StoreWriter?
    private let fleet: FleetDesk?
    /// What the store held at start and nobody asked for yet.
    private var restored: [RecordName: StoredToken]
    private var unchecked: [TokenKeeper] = []

    package init(
        clocks: any Clocks, transport: any HTTPTransport, secrets: any SecretSource, events: any EventSink,
        identity: HostIdentity = HostIdentity(), store: StoreWriter? = nil, restored: [StoredToken] = [], fleet: FleetDesk? = nil,
        bounds: LoginBounds = .init()
    ) {
        self.fleet = fleet
        self.clocks = clocks
        self.transport = transport
        self.secrets = secrets
        self.events = events
        self.store = store
        self.restored = Dictionary(restored.map { ($0.name, $0) }) { $1 }
        self.identity = identity
        gate = LoginGate(bounds: bounds, clocks: clocks)
        // Enough in line for every slot at the partners, and few enough to hold in memory.
        schedule = RefreshSchedule(clocks: clocks, bound: 2 * bounds.parallel)
    }

    /// Keeps every token, present and to come, until `stop`.
    package func run() async {
        async let checked: Void = checkRestored()
        guard let fleet else {
            await schedule.run()
            return await checked
        }
        for record in await fleet.restore() { await hear(record) }
        await withTaskGroup { group in
            group.addTask { await fleet.run() }
            group.addTask { for await record in fleet.news { await self.hear(record) } }
            await schedule.run()
            group.cancelAll()
        }
        await checked
    }

    /// Another host wrote this.
    private func hear(_ record: FleetRecord) async {
        let name = record.token.name
        guard let entry = entries[name.token] else { return }
        await (name.perRequest.isEmpty ? entry.keeper : entry.combinations[name.perRequest])?.hear(record)
    }

    /// Restored tokens serve at once; that their secrets are still those they were made with is found out behind that.
    private func checkRestored() async {
        let keepers = unchecked
        unchecked = []
        for keeper in keepers {
            guard let asked = entries[keeper.cell.name]?.configuration, let digests = try? await performer.ownInputs(asked).digests else { continue }
            // It may have been removed or changed meanwhile.
            guard let current = entries[keeper.cell.name], current.keeper === keeper, current.configuration == asked else { continue }
            _ = await keeper.reconfigure(asked, inputDigests: digests)
        }
    }

    /// Ends every wait and every keeper.
    package func stop() async {
        isStopping = true
        let all = keepers
        for keeper in all { await keeper.stop() }
        schedule.end()
        await withTaskGroup { group in
            group.addTask { [clocks] in try? await clocks.sleep(until: clocks.boot + Self.finishTime) }
            group.addTask { for keeper in all { await keeper.finish() } }
            await group.next()
            group.cancelAll()
            for keeper in all { await keeper.abandon() }
        }
    }

    /// How long a stop waits for refreshes under way.
    private static let finishTime = Duration.seconds(8)

    private var keepers: [TokenKeeper] { entries.keys.flatMap(keepers) }

    private func keepers(of name: String) -> [TokenKeeper] {
        guard let entry = entries[name] else { return [] }
        return [entry.keeper].compactMap { $0 } + Array(entry.combinations.values)
    }

    // MARK: Configuration

    /// Takes a configuration: new entries log in, changed ones too beside their old token, removed ones go, all others
    /// keep token and timers.
    package func apply(_ configuration: BrokerConfiguration) async {
        let wanted = Dictionary(configuration.tokens.map { ($0.name, $0) }) { $1 }
        var added = 0
        var changed = 0
        let gone = entries.filter { wanted[$0.key] == nil }
        for (name, entry) in gone {
            entries[name] = nil
            forget(name, entry)
            await stop(entry)
        }
        for token in configuration.tokens {
            guard !isStopping else { return }
            if let entry = entries[token.name], (entry.keeper == nil) == !token.perRequest.isEmpty {
                changed += await reconfigure(token) ? 1 : 0
            } else {
                if let old = entries[token.name] { await stop(old) }
                entries[token.name] = Entry(configuration: token, keeper: token.perRequest.isEmpty ? launch(token, perRequest: [:]) : nil)
                added += 1
            }
        }
        for name in restored.keys where wanted[name.token] == nil {
            restored[name] = nil
            store?.remove(name)
        }
        board.replace(entries.compactMapValues { $0.keeper?.cell })
        events.record(.reloaded(added: added, changed: changed, removed: gone.count))
    }

    /// Combinations made while this waits already have the new configuration.
    private func reconfigure(_ token: TokenConfiguration) async -> Bool {
        entries[token.name]?.configuration = token
        let digests = (try? await performer.ownInputs(token).digests) ?? []
        var isChanged = false
        for keeper in keepers(of: token.name) {
            let isNew = await keeper.reconfigure(token, inputDigests: digests)
            isChanged = isChanged || isNew
        }
        return isChanged
    }

    /// Secret files were changed: entries that use them log in with what they hold now, and rejected credentials are tried anew.
    package func secretsChanged(_ paths: Set<String>) async {
        for entry in entries.values.map(\.configuration) {
            let isConcerned = entry.references.contains { if case .file(let path, _) = $0 { paths.contains(path) } else { false } }
            // It may have been removed or changed while the one before was read.
            guard isConcerned, let current = entries[entry.name]?.configuration else { continue }
            if await reconfigure(current) { events.record(.secretChanged(token: entry.name)) }
        }
    }

    /// A removed entry's tokens are forgotten by the store too.
    private func forget(_ name: String, _ entry: Entry) {
        for keeper in [entry.keeper].compactMap({ $0 }) + Array(entry.combinations.values) {
            store?.remove(RecordName(name, keeper.perRequest))
        }
    }

    private func stop(_ entry: Entry) async {
        await entry.keeper?.stop()
        for keeper in entry.combinations.values { await keeper.stop() }
    }

    private var performer: LoginPerformer {
        LoginPerformer(clocks: clocks, transport: transport, secrets: secrets, gate: gate, inputs: ChainedInputs(broker: self))
    }

    private func launch(_ token: TokenConfiguration, perRequest: [String: String]) -> TokenKeeper {
        let environment = KeeperEnvironment(
            clocks: clocks, performer: performer, events: events, identity: identity, schedule: schedule, store: store, fleet: fleet)
        let record = record(of: restored.removeValue(forKey: RecordName(token.name, perRequest)), for: token)
        let keeper = TokenKeeper(token, perRequest: perRequest, environment: environment, record: record)
        if record != nil, perRequest.isEmpty { unchecked.append(keeper) }
        schedule.plan(keeper, at: clocks.boot)
        return keeper
    }

    /// A stored token on this boot's clock; nil where the login is another one now, or the wall clock stands before the record.
    /// Refresh tokens are kept in any case: they are used where the inputs are still those they were given for.
    private func record(of stored: StoredToken?, for token: TokenConfiguration) -> TokenRecord? {
        guard let stored, var record = TokenRecord(stored.record, policy: token.refresh) else { return nil }
        if stored.login == token.loginDigest, let shift = record.shift(bootID: identity.bootID, boot: clocks.boot, wall: clocks.wall) {
            record.state.move(by: shift)
            return record
        }
        record.state = TokenState(policy: token.refresh)
        return record.memory.refreshTokens.isEmpty ? nil : record
    }

    // MARK: Look-up

    package func configuration(of name: String) -> TokenConfiguration? { entries[name]?.configuration }

    /// The keeper of a token, made now for a new combination of per-request inputs.
    ///
    /// - Returns: nil for an unknown name.
    /// - Throws: `TokenRefusal` when as many combinations are kept as the configuration allows.
    package func keeper(_ name: String, perRequest: [String: String]) throws(TokenRefusal) -> TokenKeeper? {
        guard !isStopping else { throw TokenRefusal(.stopping) }
        guard let entry = entries[name] else { return nil }
        if let keeper = entry.keeper { return keeper }
        if let keeper = entry.combinations[perRequest], !keeper.hasEnded { return keeper }
        // Nothing is awaited from here on: two callers must not make two keepers of one combination.
        let living = entry.combinations.filter { !$0.value.hasEnded }
        guard living.count < entry.configuration.combinations else {
            throw TokenRefusal(.tooManyCombinations(limit: entry.configuration.combinations))
        }
        let keeper = launch(entry.configuration, perRequest: perRequest)
        entries[name]?.combinations = living.merging([perRequest: keeper]) { $1 }
        return keeper
    }

    /// Every token's status, ordered by name; combinations of per-request inputs each on their own.
    package func statuses() async -> [TokenStatus] {
        var statuses: [TokenStatus] = []
        for keeper in keepers where !keeper.hasEnded { statuses.append(await keeper.status()) }
        return statuses.sorted { ($0.name, $0.inputs.description) < ($1.name, $1.inputs.description) }
    }
}

/// Token inputs of chained logins, answered by the broker's own keepers.
private struct ChainedInputs: TokenInputs {
    let broker: TokenBroker

    /// A chained login waits this long for its input's login.
    private static let wait = Duration.seconds(15)

    func token(for name: String) async throws(LoginFailure) -> Token {
        do throws(TokenRefusal) {
            guard let keeper = try await broker.keeper(name, perRequest: [:]) else { throw TokenRefusal(.stopping) }
            return try await keeper.token(wait: Self.wait)
        } catch {
            throw Self.waiting(for: name, error)
        }
    }

    func replacement(for name: String, refused: Token) async -> Token? {
        guard let keeper = try? await broker.keeper(name, perRequest: [:]) else { return nil }
        let outcome = await keeper.report(fingerprint: refused.fingerprint, status: 401)
        guard outcome != .ignored else { return nil }
        let token = try? await keeper.token(otherThan: [refused.fingerprint], wait: Self.wait)
        return token?.fingerprint == refused.fingerprint ? nil : token
    }

    private static func waiting(for name: String, _ refusal: TokenRefusal) -> LoginFailure {
        var inner = FailureClass.transient
        var why = "no token yet"
        if case .failing(let failure, let isLatched) = refusal.reason {
            inner = failure.waitingFor ?? failure.failureClass
            why = isLatched ? "\(inner.trouble), latched" : inner.trouble
        }
        var failure = LoginFailure(.waiting, "waiting for \(name) (\(why))")
        failure.waitingFor = inner
        failure.retryAfter = min(max(refusal.retryAfter ?? .seconds(30), .milliseconds(200)), .seconds(30))
        return failure
    }
}
