import Secrets
import Synchronization
import TestSupport
import Testing
import Time
import Tokens

@testable import Store

/// A store that could not be opened at start, or that went away: what a later opening finds, and what it may overwrite.
@Suite struct LateStoreTests {
    /// What an opening finds, and what was written there.
    private final class Shelf: TokenStore {
        struct State {
            var tokens: [RecordName: StoredToken] = [:]
            var fault: StoreFault?
            var opened = 0
            var ended = 0
        }
        let state = Mutex(State())

        func load() async throws(StoreFault) -> [StoredToken] { state.withLock { Array($0.tokens.values) } }
        func history(of token: String, limit: Int) async throws(StoreFault) -> [PastLogin] { [] }
        func end() { state.withLock { $0.ended += 1 } }

        func write(_ changes: StoreChanges) async throws(StoreFault) {
            if let fault = state.withLock({ $0.fault }) { throw fault }
            state.withLock { $0.tokens.merge(changes.tokens) { $1 } }
        }

        func open() throws(StoreFault) -> OpenedStore {
            let tokens = state.withLock { state in
                state.opened += 1
                return Array(state.tokens.values)
            }
            return OpenedStore(store: self, key: StoreKey(), tokens: tokens)
        }
    }

    private static func token(_ name: String, _ value: String, refreshToken: String? = nil) -> StoredToken {
        var state = TokenState(policy: RefreshPolicy())
        var generator = SeededGenerator(seed: 1)
        let now = BootInstant(nanoseconds: 1_000_000_000_000)
        let draft = LifeSimulation.draft(value, lifetime: .seconds(900), at: now, wall: WallTime(seconds: 1_800_000_000))
        _ = try? state.adopt(draft, fingerprint: value, trigger: .schedule, at: now, using: &generator)
        var memory = LoginMemory()
        memory.refreshTokens = refreshToken.map { [Secret($0)] } ?? []
        let record = TokenRecord(bootID: "b", boot: now, wall: WallTime(seconds: 1_800_000_000), state: state, memory: memory)
        return StoredToken(name: RecordName(name), login: [1], record: record.bytes)
    }

    private static func changes(_ tokens: StoredToken...) -> StoreChanges {
        var changes = StoreChanges()
        for token in tokens { changes.tokens[token.name] = token }
        return changes
    }

    private static func value(_ shelf: Shelf, _ name: String) -> String? {
        shelf.state.withLock { $0.tokens[RecordName(name)] }.flatMap {
            TokenRecord($0.record, policy: RefreshPolicy())?.state.token?.value.exposedText
        }
    }

    @Test func `it is opened by the first write, once`() async throws {
        let shelf = Shelf()
        let store = LateStore(nil) { () throws(StoreFault) in try shelf.open() }
        #expect(try await store.load().isEmpty)
        #expect(shelf.state.withLock { $0.opened } == 0)
        try await store.write(Self.changes(Self.token("a", "one")))
        try await store.write(Self.changes(Self.token("a", "two")))
        #expect(shelf.state.withLock { $0.opened } == 1)
        #expect(Self.value(shelf, "a") == "two")
    }

    @Test func `a write fails for as long as it cannot be opened, with the reason`() async throws {
        let store = LateStore(nil) { () throws(StoreFault) in throw StoreFault("no such folder") }
        let fault = await #expect(throws: StoreFault.self) { try await store.write(Self.changes(Self.token("a", "one"))) }
        #expect(fault?.description == "no such folder")
        let none = LateStore(nil) { () throws(StoreFault) in nil }
        await #expect(throws: StoreFault.self) { try await none.history(of: "a", limit: 1) }
    }

    @Test func `a refresh token from before is not overwritten by a record that has none`() async throws {
        let shelf = Shelf()
        shelf.state.withLock { state in
            for token in [Self.token("a", "old", refreshToken: "r1"), Self.token("b", "old")] { state.tokens[token.name] = token }
        }
        let store = LateStore(nil) { () throws(StoreFault) in try shelf.open() }
        try await store.write(Self.changes(Self.token("a", "new"), Self.token("b", "new")))
        #expect(Self.value(shelf, "a") == "old" && Self.value(shelf, "b") == "new")
        // A login that brought another one may.
        try await store.write(Self.changes(Self.token("a", "newer", refreshToken: "r2")))
        #expect(Self.value(shelf, "a") == "newer")
        try await store.write(Self.changes(Self.token("a", "newest")))
        #expect(Self.value(shelf, "a") == "newest")
    }

    @Test(arguments: [(StoreFault.Kind.moved, 2), (.other, 1)]) func `a file that is no longer at its path is given up, and opened again`(
        kind: StoreFault.Kind, openings: Int
    ) async throws {
        let shelf = Shelf()
        let store = LateStore(nil) { () throws(StoreFault) in try shelf.open() }
        try await store.write(Self.changes(Self.token("a", "one")))
        shelf.state.withLock { $0.fault = StoreFault("is another file", kind) }
        await #expect(throws: StoreFault.self) { try await store.write(Self.changes(Self.token("a", "two"))) }
        shelf.state.withLock { $0.fault = nil }
        try await store.write(Self.changes(Self.token("a", "two")))
        #expect(shelf.state.withLock { $0.opened } == openings && shelf.state.withLock { $0.ended } == openings - 1)
    }
}
