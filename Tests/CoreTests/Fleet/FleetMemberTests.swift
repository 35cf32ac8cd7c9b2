import Store
import Synchronization
import TestSupport
import Testing
import Time
import Tokens

@testable import Fleet

/// A host's lock during its login.
@Suite struct FleetMemberTests {
    private final class Store: FleetStore {
        let prolonged = Atomic<Int>(0)

        func load() async throws(StoreFault) -> (records: [FleetRecord], position: FleetPosition) { ([], FleetPosition(revision: 0)) }
        func lock(_ name: FleetName, for time: Duration, over stale: HeldLock?) async throws(StoreFault) -> FleetLocking { .taken(nil, nil) }
        func prolong(_ lock: FleetLock) async throws(StoreFault) { prolonged.add(1, ordering: .relaxed) }
        func unlock(_ lock: FleetLock) async throws(StoreFault) {}
        func write(_ token: StoredToken, under lock: FleetLock) async throws(StoreFault) -> FleetWriting { .written(revision: 1) }
        func write(_ token: StoredToken, over revision: Int64) async throws(StoreFault) -> FleetWriting { .written(revision: 1) }
        func watch(from position: FleetPosition, _ receive: @escaping @Sendable (FleetNews) -> Void) async throws(StoreFault) {}
    }

    @Test func `a lock is prolonged three times in its life, until the login ends`() async {
        let (clocks, store) = (FakeClocks(), Store())
        let member = FleetMember(store: store, clocks: clocks, events: RecordedEvents(), host: "h1")
        let lock = FleetLock(name: FleetName(RecordName("a"), login: [1]), lease: 1, revision: 1)
        let (gate, open) = AsyncStream<Void>.makeStream()
        async let result = member.holding(lock, for: .seconds(30)) {
            for await _ in gate {}
            return "done"
        }
        for count in 1...4 {
            let due = clocks.boot + .seconds(10)
            #expect(await eventually { clocks.nextWake == due })
            clocks.advance(by: .seconds(10))
            #expect(await eventually { store.prolonged.load(ordering: .relaxed) == count })
        }
        open.finish()
        #expect(await result == "done")
        #expect(clocks.nextWake == nil)
    }

    @Test func `a login without a lock prolongs nothing`() async {
        let store = Store()
        let member = FleetMember(store: store, clocks: FakeClocks(), events: RecordedEvents(), host: "h1")
        #expect(await member.holding(nil, for: .seconds(3)) { 7 } == 7)
        #expect(store.prolonged.load(ordering: .relaxed) == 0)
    }

    private static let name = FleetName(RecordName("a"), login: [1])

    /// A record of a login by its number, and the second it was made in.
    private func record(_ number: Int64, _ clocks: FakeClocks, at second: Int64 = 0) -> StoredToken {
        var state = TokenState(policy: RefreshPolicy())
        state.adopt(plan: .distantFuture, loginAt: clocks.boot + .seconds(second))
        var memory = LoginMemory()
        memory.number = number
        let record = TokenRecord(bootID: "one", boot: clocks.boot, wall: clocks.wall, state: state, memory: memory)
        return StoredToken(name: RecordName("a"), login: [1], record: record.bytes)
    }

    private func number(_ store: MemoryFleetStore) -> Int64? {
        let stored = store.state.withLock { $0.records[Self.name]?.token.record }
        return stored.flatMap { TokenRecord($0, policy: RefreshPolicy())?.memory.number }
    }

    private func member(_ store: MemoryFleetStore, _ clocks: FakeClocks, _ events: RecordedEvents = RecordedEvents()) -> FleetMember {
        FleetMember(store: store, clocks: clocks, events: events, host: "h1", makeGenerator: { SeededGenerator(seed: 1) })
    }

    /// The names of the events.
    private func words(_ events: RecordedEvents) -> [String] { events.all.map { "\($0)".prefix { $0 != "(" }.description } }

    private static let lock = FleetLock(name: name, lease: 1, revision: 1)

    @Test(arguments: [(4, 0, true), (5, -100, true), (5, 0, false), (5, 100, false), (6, 0, false)] as [(Int64, Int64, Bool)])
    func `a login whose lock ran out is stored over an older one alone`(stored: Int64, second: Int64, isWritten: Bool) async {
        let (clocks, store) = (FakeClocks(), MemoryFleetStore())
        let member = member(store, clocks)
        _ = store.put(record(stored, clocks, at: second), revision: 9)
        store.state.withLock { $0.isLockLost = true }
        let outcome = await member.write(record(5, clocks), under: Self.lock)
        if case .prevails = outcome { #expect(!isWritten) } else { #expect(isWritten) }
        #expect(store.state.withLock { $0.writes } == (isWritten ? 1 : 0))
        // The result of an exclusive login is not stored then: another host may have logged in meanwhile.
        _ = store.put(record(stored, clocks, at: second), revision: 20)
        let exclusive = await member.write(record(5, clocks), under: Self.lock, isExclusive: true)
        if case .lockLost = exclusive { #expect(isWritten) } else { #expect(!isWritten) }
        #expect(store.state.withLock { $0.writes } == (isWritten ? 1 : 0))
    }

    @Test func `a store that was restored gets the newer record back, over its own revision`() async {
        let (clocks, store) = (FakeClocks(), MemoryFleetStore())
        let member = member(store, clocks)
        _ = await member.write(record(5, clocks), under: nil)
        store.state.withLock { $0.revision = 900 }
        _ = await member.write(record(6, clocks), under: nil)
        #expect(number(store) == 6)
        let restored = store.put(record(5, clocks), revision: 3)
        let run = Task { await member.run() }
        #expect(await eventually { store.state.withLock { $0.watcher != nil } })
        async let writing: Void = member.writeBack(record(6, clocks), over: restored.revision)
        #expect(await eventually { clocks.nextWake.map { $0 <= clocks.boot + .seconds(2) } ?? false })
        clocks.advance(by: .seconds(2))
        await writing
        #expect(number(store) == 6 && store.state.withLock { $0.revision } == 4)
        run.cancel()
        await run.value
    }

    @Test func `what the store would not take is written as soon as it does, and both are reported once`() async {
        let (clocks, store, events) = (FakeClocks(), MemoryFleetStore(), RecordedEvents())
        let member = member(store, clocks, events)
        let run = Task { await member.run() }
        #expect(await eventually { store.state.withLock { $0.watcher != nil } })
        store.state.withLock { $0.refusesWrites = true }
        _ = await member.write(record(1, clocks), under: Self.lock)
        for second in [1, 2, 4] {
            #expect(await eventually { clocks.nextWake.map { $0 <= clocks.boot + .seconds(second) } ?? false })
            if second == 4 { store.state.withLock { $0.refusesWrites = false } }
            clocks.advance(by: .seconds(second))
        }
        #expect(await eventually { self.number(store) == 1 })
        #expect(await eventually { words(events) == ["storeFailed", "storeRecovered"] })
        run.cancel()
        await run.value
    }

    @Test func `a watch is trusted for five minutes, and goes on at the member that was loaded from`() async {
        let (clocks, store) = (FakeClocks(), MemoryFleetStore())
        let member = member(store, clocks)
        let run = Task { await member.run() }
        for load in 1...3 {
            #expect(await eventually { store.state.withLock { $0.positions.count } == load && clocks.nextWake != nil })
            #expect(clocks.nextWake.map { (240...360).contains(($0 - clocks.boot).inSeconds) } == true)
            clocks.advance(by: .seconds(360))
        }
        #expect(store.state.withLock { $0.positions.allSatisfy { $0 == FleetPosition(revision: 0, member: 1) } })
        run.cancel()
        await run.value
    }

    @Test func `a lock held longer than any login takes is broken, and reported`() async {
        let (clocks, store, events) = (FakeClocks(), MemoryFleetStore(), RecordedEvents())
        let member = member(store, clocks, events)
        let held = HeldLock(revision: 7, holder: "h2")
        store.state.withLock { $0.holder = held }
        let due = FleetPolicy.DueLogin(
            trigger: .schedule, own: FleetPolicy.Own(fingerprint: nil, remaining: nil, isOwn: false), inputs: [[1]], isExclusive: true, margin: nil,
            policy: RefreshPolicy(), longest: .seconds(80))
        async let decision = member.decide(Self.name, for: due)
        for _ in 0..<30 {
            #expect(await eventually { clocks.nextWake != nil })
            clocks.advance(by: .seconds(1))
        }
        guard case .wait = await decision else {
            Issue.record("not waiting")
            return
        }
        // Its text may change: it is the same holding of the lock.
        store.state.withLock { $0.holder = HeldLock(revision: 7, holder: "another text") }
        clocks.advance(by: .seconds(60))
        guard case .login(let lock?, _) = await member.decide(Self.name, for: due) else {
            Issue.record("not logging in")
            return
        }
        #expect(lock.broken == "another text" && store.state.withLock { $0.stale.last } == held)
        #expect(words(events) == ["fleetLockBroken"])
    }
}
