import Store
import Synchronization
import TestSupport
import Time

@testable import Fleet

/// A fleet's store in memory, with a clock of its own and every fault a test wants.
final class MemoryFleetStore: FleetStore {
    struct State {
        var records: [FleetName: (token: StoredToken, revision: Int64)] = [:]
        var revision: Int64 = 0
        var holder: HeldLock?
        var refusesWrites = false
        var isLockLost = false
        var stale: [HeldLock?] = []
        var writes = 0
        var loads = 0
        var positions: [FleetPosition] = []
        var watcher: (@Sendable (FleetNews) -> Void)?
    }

    let state = Mutex(State())

    private func record(_ entry: (token: StoredToken, revision: Int64)) -> FleetRecord {
        FleetRecord(token: entry.token, revision: entry.revision, made: FakeClocks().boot)
    }

    /// Puts a record in place, as another host's write or a restored snapshot.
    func put(_ token: StoredToken, revision: Int64) -> FleetRecord {
        state.withLock { state in
            state.records[FleetName(token.name, login: token.login)] = (token, revision)
            state.revision = revision
            return FleetRecord(token: token, revision: revision, made: FakeClocks().boot)
        }
    }

    func load() async throws(StoreFault) -> (records: [FleetRecord], position: FleetPosition) {
        state.withLock { state in
            state.loads += 1
            return (state.records.values.map(record), FleetPosition(revision: state.revision, member: 1))
        }
    }

    func lock(_ name: FleetName, for time: Duration, over stale: HeldLock?) async throws(StoreFault) -> FleetLocking {
        state.withLock { state in
            state.stale.append(stale)
            let stored = state.records[name].map(record)
            if let holder = state.holder, holder != stale { return .taken(stored, holder) }
            defer { state.holder = nil }
            return .mine(FleetLock(name: name, lease: 1, revision: 1, broken: state.holder?.holder), stored)
        }
    }

    func prolong(_ lock: FleetLock) async throws(StoreFault) {}
    func unlock(_ lock: FleetLock) async throws(StoreFault) {}

    func write(_ token: StoredToken, under lock: FleetLock) async throws(StoreFault) -> FleetWriting {
        if state.withLock({ $0.isLockLost }) {
            return .refused(state.withLock { $0.records[FleetName(token.name, login: token.login)].map(record) })
        }
        return try await write(token, over: state.withLock { $0.records[FleetName(token.name, login: token.login)]?.revision ?? 0 })
    }

    func write(_ token: StoredToken, over revision: Int64) async throws(StoreFault) -> FleetWriting {
        let name = FleetName(token.name, login: token.login)
        let (outcome, isRefused): (FleetWriting, Bool) = state.withLock { state in
            if state.refusesWrites { return (.refused(nil), true) }
            guard state.records[name]?.revision ?? 0 == revision else { return (.refused(state.records[name].map(record)), false) }
            state.writes += 1
            state.revision += 1
            state.records[name] = (token, state.revision)
            return (.written(revision: state.revision), false)
        }
        if isRefused { throw StoreFault("database space exceeded") }
        return outcome
    }

    func watch(from position: FleetPosition, _ receive: @escaping @Sendable (FleetNews) -> Void) async throws(StoreFault) {
        state.withLock { state in
            state.positions.append(position)
            state.watcher = receive
        }
        // Silent until it is cancelled, as a member that was stopped.
        let (silence, end) = AsyncStream<Void>.makeStream()
        await withTaskCancellationHandler {
            for await _ in silence {}
        } onCancel: {
            end.finish()
        }
    }
}
