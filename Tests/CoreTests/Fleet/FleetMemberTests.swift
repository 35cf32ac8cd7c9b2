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

        func load() async throws(StoreFault) -> (records: [FleetRecord], revision: Int64) { ([], 0) }
        func lock(_ name: FleetName, for time: Duration) async throws(StoreFault) -> FleetLocking { .taken(nil) }
        func prolong(_ lock: FleetLock) async throws(StoreFault) { prolonged.add(1, ordering: .relaxed) }
        func unlock(_ lock: FleetLock) async throws(StoreFault) {}
        func write(_ token: StoredToken, under lock: FleetLock) async throws(StoreFault) -> FleetWriting { .written(revision: 1) }
        func write(_ token: StoredToken, over revision: Int64) async throws(StoreFault) -> FleetWriting { .written(revision: 1) }
        func watch(from revision: Int64, _ receive: @escaping @Sendable (FleetNews) -> Void) async throws(StoreFault) {}
    }

    @Test func `a lock is prolonged three times in its life, until the login ends`() async {
        let (clocks, store) = (FakeClocks(), Store())
        let member = FleetMember(store: store, clocks: clocks, events: RecordedEvents(), identity: HostIdentity(), host: "h1")
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
        let member = FleetMember(store: store, clocks: FakeClocks(), events: RecordedEvents(), identity: HostIdentity(), host: "h1")
        #expect(await member.holding(nil, for: .seconds(3)) { 7 } == 7)
        #expect(store.prolonged.load(ordering: .relaxed) == 0)
    }
}
