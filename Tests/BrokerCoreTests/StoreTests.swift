import Glibc
import Secrets
import Store
import Synchronization
import TestSupport
import Testing
import Time
import Tokens

/// What outlives the process, on a real SQLite.
@Suite struct StoreTests {
    private static let key = StoreKey()

    private static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        try await body(folder)
    }

    private static func store(_ folder: String, key: StoreKey = key, clocks: FakeClocks = FakeClocks()) throws(StoreFault) -> SQLiteTokenStore {
        try SQLiteTokenStore(path: "\(folder)/tokens.db", key: key, clocks: clocks)
    }

    private static func token(_ name: String, _ text: String, inputs: [String: String] = [:], login: [UInt8] = [1]) -> StoredToken {
        StoredToken(name: RecordName(name, inputs), login: login, record: Array(text.utf8))
    }

    private static func changes(_ tokens: [StoredToken], removed: Set<RecordName> = []) -> StoreChanges {
        var changes = StoreChanges()
        for token in tokens { changes.tokens[token.name] = token }
        changes.removed = removed
        return changes
    }

    @Test func `a sealed record opens with its key and what it belongs to alone`() {
        let key = Self.key.derived(for: "records")
        for text in [[], [1], Array(repeating: UInt8(7), count: 5000)] as [[UInt8]] {
            var sealed = SealedRecord.seal(text, key: key, associated: [1, 2])
            #expect(SealedRecord.open(sealed, key: key, associated: [1, 2]) == text)
            #expect(SealedRecord.open(sealed, key: key, associated: [1]) == nil)
            #expect(SealedRecord.open(sealed, key: Self.key.derived(for: "others"), associated: [1, 2]) == nil)
            #expect(SealedRecord.seal(text, key: key, associated: [1, 2]) != sealed)
            sealed[sealed.count - 1] ^= 1
            #expect(SealedRecord.open(sealed, key: key, associated: [1, 2]) == nil)
        }
        #expect(SealedRecord.open([1, 2, 3], key: key, associated: []) == nil)
    }

    @Test func `a store key is 32 bytes, their base64 or their hexadecimal`() {
        let bytes = [UInt8](0..<32)
        let want = StoreKey(Secret(bytes))?.derived(for: "x")
        #expect(want != nil)
        #expect(StoreKey(Secret(Digest.hex(bytes)))?.derived(for: "x") == want)
        #expect(StoreKey(Secret("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="))?.derived(for: "x") == want)
        #expect(StoreKey(Secret("short")) == nil && StoreKey(Secret(Digest.hex(bytes) + "00")) == nil)
    }

    @Test func `what was written is there after reopening, sealed and for its owner alone`() async throws {
        try await Self.withFolder { folder in
            let secret = "eyJ-the-token"
            do {
                let store = try Self.store(folder)
                try await store.write(
                    Self.changes([Self.token("a", secret), Self.token("b", "two", inputs: ["t": "x \"y"]), Self.token("c", "three")]))
                try await store.write(Self.changes([Self.token("a", secret + "2")], removed: [RecordName("c")]))
                for file in try TestFiles.names(folder) {
                    #expect(try TestFiles.run("/usr/bin/stat", ["-c", "%a", "\(folder)/\(file)"]).output == "600\n", "\(file)")
                    #expect(!String(decoding: try TestFiles.bytes("\(folder)/\(file)"), as: UTF8.self).contains(secret), "\(file)")
                }
            }
            let loaded = try await Self.store(folder).load().sorted { $0.name.token < $1.name.token }
            #expect(loaded.map(\.name) == [RecordName("a"), RecordName("b", ["t": "x \"y"])])
            #expect(loaded.map { String(decoding: $0.record, as: UTF8.self) } == [secret + "2", "two"])
        }
    }

    @Test func `a record moved to another row does not open`() async throws {
        try await Self.withFolder { folder in
            do { try await Self.store(folder).write(Self.changes([Self.token("a", "one")])) }
            try TestFiles.run("/usr/bin/sqlite3", ["\(folder)/tokens.db", "UPDATE token SET name = 'b'"])
            #expect(try await Self.store(folder).load().isEmpty)
        }
    }

    private func refusal(_ folder: String, key: StoreKey = key) -> String {
        do throws(StoreFault) {
            _ = try Self.store(folder, key: key)
            return "opened"
        } catch {
            return error.description
        }
    }

    @Test func `another key, another program's file, a damaged file: told apart, and left as they are`() async throws {
        try await Self.withFolder { folder in
            do { try await Self.store(folder).write(Self.changes([Self.token("a", "one")])) }
            let path = "\(folder)/tokens.db"
            let whole = try TestFiles.bytes(path)
            #expect(refusal(folder, key: StoreKey()).contains("was sealed with another key"))
            #expect(try await Self.store(folder).load().count == 1)
            for file in try TestFiles.names(folder) where file != "tokens.db" { TestFiles.remove("\(folder)/\(file)") }
            try TestFiles.write(Array(whole.prefix(6000)), to: path)
            #expect(refusal(folder).contains("is damaged"), "\(refusal(folder))")
            try TestFiles.write(Array("no database at all, but long enough to be looked at as one".utf8), to: path)
            #expect(refusal(folder).contains("is no SQLite database"), "\(refusal(folder))")
            TestFiles.remove(path)
            try TestFiles.run("/usr/bin/sqlite3", [path, "CREATE TABLE other (x); INSERT INTO other VALUES (1)"])
            #expect(refusal(folder).contains("another program's"), "\(refusal(folder))")
            #expect(try TestFiles.run("/usr/bin/sqlite3", [path, "SELECT count(*) FROM sqlite_master"]).output == "1\n")
        }
        #expect(refusal("/nowhere").contains("cannot be opened for writing: No such file or directory"))
    }

    @Test func `logins are kept for thirty days, a thousand a token`() async throws {
        try await Self.withFolder { folder in
            let clocks = FakeClocks()
            let store = try Self.store(folder, clocks: clocks)
            func attempt(_ token: String, _ number: Int) -> PastLogin {
                PastLogin(token: token, at: clocks.wall, outcome: "success", took: .milliseconds(number), status: nil)
            }
            var changes = StoreChanges()
            changes.attempts = (0..<1500).map { attempt("a", $0) } + [attempt("b", 1)]
            try await store.write(changes)
            let history = try await store.history(of: "a", limit: 5000)
            #expect(history.count == 1000 && history.first?.took == .milliseconds(1499))
            clocks.advance(by: .seconds(31 * 86_400))
            changes.attempts = [attempt("a", 7)]
            try await store.write(changes)
            #expect(try await store.history(of: "a", limit: 10).map(\.took) == [.milliseconds(7)])
            #expect(try await store.history(of: "b", limit: 10).count == 1)
        }
    }

    @Test func `a token's life comes back as it was, on this boot's clock and on another's`() throws {
        let now = BootInstant(nanoseconds: 5_000_000_000_000)
        var state = TokenState(policy: RefreshPolicy())
        var generator = SeededGenerator(seed: 1)
        var expiry = Expiry(origin: .jwt, lifetime: .seconds(900), stated: WallTime(seconds: 1_800_000_900))
        expiry.clockSkew = .seconds(3)
        var draft = TokenDraft(value: Secret("eyJ.a.b"), expiry: expiry, sentAt: now, sentAtWall: WallTime(seconds: 1_800_000_000))
        draft.headers = [TokenHeader(name: "Authorization", value: Secret("Bearer eyJ.a.b"))]
        draft.values = ["account_id": "acc \"9\""]
        _ = try state.adopt(draft, fingerprint: "0123456789ab", trigger: .schedule, at: now, using: &generator)
        state.failed(LoginFailure(.rejected, "status 401", status: 401), trigger: .schedule, at: now + .seconds(5), using: &generator)
        let record = TokenRecord(
            bootID: "one", boot: now + .seconds(10), wall: WallTime(seconds: 1_800_000_010), state: state,
            memory: LoginMemory(inputDigest: [1, 2, 3]))
        let read = try #require(TokenRecord(record.bytes, policy: RefreshPolicy()))
        #expect(read.bytes == record.bytes)
        #expect(read.state.token?.value.exposedText == "eyJ.a.b" && read.state.token?.deadline == now + .seconds(900))
        #expect(read.state.trouble?.failure.failureClass == .rejected && read.state.trouble?.retryAt == state.trouble?.retryAt)
        #expect(read.shift(bootID: "one", boot: now, wall: WallTime(seconds: 0)) == .zero)
        // 100 s later by the wall clock, the machine started 7 s ago.
        let started = BootInstant(nanoseconds: 7_000_000_000)
        let shift = try #require(read.shift(bootID: "two", boot: started, wall: WallTime(seconds: 1_800_000_110)))
        var moved = read.state
        moved.move(by: shift)
        #expect(moved.token?.remaining(at: started) == .seconds(900 - 110))
        #expect(read.shift(bootID: "two", boot: started, wall: WallTime(seconds: 1_800_000_009)) == nil)
        #expect(TokenRecord(Array("{}".utf8), policy: RefreshPolicy()) == nil)
    }

    @Test func `a store that fails is tried again with what came since, and said so once`() async throws {
        let (clocks, store, heard) = (FakeClocks(), FailingStore(), Heard())
        let writer = StoreWriter(store: store, clocks: clocks, events: heard)
        store.isFailing.withLock { $0 = true }
        writer.save(Self.token("a", "one"))
        await writer.flush()
        // Nobody waits for the pause.
        await writer.flush()
        writer.save(Self.token("a", "two"))
        writer.save(Self.token("b", "b"))
        writer.remove(RecordName("b"))
        for _ in 0..<3 {
            #expect(await eventually { clocks.nextWake != nil })
            clocks.advance(by: .seconds(60))
        }
        store.isFailing.withLock { $0 = false }
        #expect(
            await eventually {
                clocks.advance(by: .seconds(60))
                return heard.all.last == "recovered"
            })
        #expect(heard.all == ["failed: the disk is full", "recovered"])
        let written = store.written.withLock { $0 }
        #expect(written.map { $0.tokens.mapValues { String(decoding: $0.record, as: UTF8.self) } } == [[RecordName("a"): "two"]])
        #expect(written.first?.removed == [RecordName("b")])
    }
}

private final class FailingStore: TokenStore {
    let isFailing = Mutex(false)
    let written = Mutex<[StoreChanges]>([])

    func load() async throws(StoreFault) -> [StoredToken] { [] }
    func history(of token: String, limit: Int) async throws(StoreFault) -> [PastLogin] { [] }

    func write(_ changes: StoreChanges) async throws(StoreFault) {
        if isFailing.withLock({ $0 }) { throw StoreFault("the disk is full") }
        written.withLock { $0.append(changes) }
    }
}

private final class Heard: EventSink {
    private let events = Mutex<[String]>([])
    var all: [String] { events.withLock { $0 } }

    func record(_ event: BrokerEvent) {
        switch event {
        case .storeFailed(let reason): events.withLock { $0.append("failed: \(reason)") }
        case .storeRecovered: events.withLock { $0.append("recovered") }
        default: break
        }
    }
}
