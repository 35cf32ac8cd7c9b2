import Fleet
import Store
import Time

/// One process's way to etcd.
struct EtcdLink: FleetStore {
    let life: Life
    let store: HostFleetStore

    private func guarded<Value: Sendable>(_ work: () async throws(StoreFault) -> Value) async throws(StoreFault) -> Value {
        do throws(StoreFault) {
            let value = try await work()
            await life.pass(.zero)
            return value
        } catch {
            await life.pass(.zero)
            throw error
        }
    }

    /// A record whose moment is on this process's clock.
    private func own(_ record: FleetRecord) -> FleetRecord {
        FleetRecord(token: record.token, revision: record.revision, made: life.own(record.made))
    }

    private func own(_ writing: FleetWriting) -> FleetWriting {
        if case .refused(let record) = writing { .refused(record.map(own)) } else { writing }
    }

    func load() async throws(StoreFault) -> (records: [FleetRecord], position: FleetPosition) {
        let (records, position) = try await guarded { () throws(StoreFault) in try await store.load() }
        return (records.map(own), position)
    }

    func lock(_ name: FleetName, for time: Duration, over stale: HeldLock?) async throws(StoreFault) -> FleetLocking {
        switch try await guarded({ () throws(StoreFault) in try await store.lock(name, for: time, over: stale) }) {
        case .mine(let lock, let record): .mine(lock, record.map(own))
        case .taken(let record, let lock): .taken(record.map(own), lock)
        }
    }

    func prolong(_ lock: FleetLock) async throws(StoreFault) { try await guarded { () throws(StoreFault) in try await store.prolong(lock) } }
    func unlock(_ lock: FleetLock) async throws(StoreFault) { try await guarded { () throws(StoreFault) in try await store.unlock(lock) } }

    func write(_ token: StoredToken, under lock: FleetLock) async throws(StoreFault) -> FleetWriting {
        own(try await guarded { () throws(StoreFault) in try await store.write(token, under: lock) })
    }

    func write(_ token: StoredToken, over revision: Int64) async throws(StoreFault) -> FleetWriting {
        own(try await guarded { () throws(StoreFault) in try await store.write(token, over: revision) })
    }

    func watch(from position: FleetPosition, _ receive: @escaping @Sendable (FleetNews) -> Void) async throws(StoreFault) {
        try await guarded { () throws(StoreFault) in
            try await store.watch(from: position) { news in
                let heard: FleetNews = if case .record(let record) = news { .record(own(record)) } else { news }
                // A machine that sleeps hears of it when it wakes.
                Task {
                    await life.pass(.zero)
                    receive(heard)
                }
            }
        }
    }
}
