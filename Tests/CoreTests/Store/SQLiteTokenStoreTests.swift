import Glibc
import Synchronization
import TestSupport
import Testing
import Time

@testable import Store

/// What outlives the process, on a real SQLite.
@Suite struct SQLiteTokenStoreTests {
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

    private func refusal(_ folder: String, key: StoreKey = key) -> String {
        do throws(StoreFault) {
            _ = try Self.store(folder, key: key)
            return "opened"
        } catch {
            return error.description
        }
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

    @Test func `another key, another program's file, a damaged file: each has its own error, and none is changed`() async throws {
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
            #expect(refusal(folder).contains("is not an SQLite database"), "\(refusal(folder))")
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
            #expect(try await store.history(of: "b", limit: 10).isEmpty)
        }
    }

    @Test(arguments: [
        "UPDATE token SET login = 5", "UPDATE token SET name = x'ff'", "UPDATE token SET inputs = 7", "UPDATE token SET sealed = 'text'",
        "UPDATE token SET sealed = x''", "UPDATE attempt SET at = 'abc'", "UPDATE attempt SET took = 'abc'", "UPDATE attempt SET status = 'teapot'",
        "UPDATE attempt SET outcome = x'ff'", "UPDATE attempt SET at = 9223372036854775807, took = -9223372036854775808",
    ])
    func `a row of other types is passed over`(change: String) async throws {
        try await Self.withFolder { folder in
            do {
                let store = try Self.store(folder)
                var changes = Self.changes([Self.token("a", "text")])
                changes.attempts = [PastLogin(token: "a", at: WallTime(seconds: 1_800_000_000), outcome: "success", took: .seconds(1))]
                try await store.write(changes)
            }
            let changed = try TestFiles.run("/usr/bin/sqlite3", ["\(folder)/tokens.db", change])
            #expect(changed.status == 0, "\(changed.errors)")
            let store = try Self.store(folder)
            let loaded = try await store.load()
            #expect(loaded.count == (change.contains("UPDATE token") ? 0 : 1))
            #expect(try await store.history(of: "a", limit: 10).count <= 1)
        }
    }

    @Test func `a database of a newer version is refused by name and left alone`() async throws {
        try await Self.withFolder { folder in
            try await Self.store(folder).write(Self.changes([Self.token("a", "one")]))
            try TestFiles.run(
                "/usr/bin/sqlite3", ["\(folder)/tokens.db", "INSERT INTO grdb_migrations VALUES ('99'); PRAGMA wal_checkpoint(TRUNCATE)"])
            #expect(refusal(folder).contains("newer version"))
        }
    }

    @Test func `logins of entries that are gone grow old too`() async throws {
        try await Self.withFolder { folder in
            let clocks = FakeClocks()
            let store = try Self.store(folder, clocks: clocks)
            func changes(_ token: String) -> StoreChanges {
                var changes = StoreChanges()
                changes.attempts = [PastLogin(token: token, at: clocks.wall, outcome: "new", took: .zero, status: nil, reason: nil)]
                return changes
            }
            try await store.write(changes("gone"))
            clocks.advance(by: .seconds(31 * 86_400))
            try await store.write(changes("a"))
            #expect(try await store.history(of: "gone", limit: 10).isEmpty)
            #expect(try await store.history(of: "a", limit: 10).count == 1)
        }
    }

    @Test(arguments: [true, false]) func `a file that is moved away or replaced is noticed, and opened again`(isReplaced: Bool) async throws {
        try await Self.withFolder { folder in
            let path = "\(folder)/tokens.db"
            let opened = try OpenedStore(store: Self.store(folder), key: Self.key, tokens: [])
            let store = LateStore(opened) { () async throws(StoreFault) in try OpenedStore(store: Self.store(folder), key: Self.key, tokens: []) }
            try await store.write(Self.changes([Self.token("a", "one")]))
            for suffix in ["", "-wal", "-shm"] { _ = unsafe rename(path + suffix, "\(folder)/away.db\(suffix)") }
            if isReplaced { try TestFiles.write("", to: path) }
            let fault = await #expect(throws: StoreFault.self) { try await store.write(Self.changes([Self.token("a", "two")])) }
            #expect(fault?.kind == .moved)
            try await store.write(Self.changes([Self.token("a", "two")]))
            #expect(unsafe access(path, F_OK) == 0)
        }
    }

    @Test(arguments: [
        ".restore backup.db", "DELETE FROM token", "rm tokens.db-wal", "truncate -s 0 tokens.db", "cp backup.db tokens.db && rm tokens.db-wal",
    ])
    func `content that another program puts into the open file is noticed, and everything is written again`(change: String) async throws {
        try await Self.withFolder { folder in
            try await Self.disturb(folder, by: change)
            let found = try await Self.store(folder).load().map { String(decoding: $0.record, as: UTF8.self) }
            #expect(found.contains("new") && !found.contains("old"), "\(found)")
        }
    }

    /// Writes, has another program change the file, and writes again.
    private static func disturb(_ folder: String, by change: String) async throws {
        let opened = try OpenedStore(store: store(folder), key: key, tokens: [])
        let store = LateStore(opened) { () async throws(StoreFault) in try OpenedStore(store: Self.store(folder), key: key, tokens: []) }
        try await store.write(changes([token("a", "old")]))
        let isSQL = change.hasPrefix(".") || change.hasPrefix("DELETE")
        try await blocking {
            _ = try TestFiles.run("/usr/bin/sqlite3", ["\(folder)/tokens.db", ".backup \(folder)/backup.db"])
        }
        try await store.write(changes([token("a", "new")]))
        let done = try await blocking {
            let sql = change.replacing("backup.db", with: "\(folder)/backup.db")
            return isSQL
                ? try TestFiles.run("/usr/bin/sqlite3", ["\(folder)/tokens.db", sql])
                : try TestFiles.run("/bin/sh", ["-c", "cd \(folder) && \(change)"])
        }
        #expect(done.status == 0, "\(done)")
        let fault = await #expect(throws: StoreFault.self) { try await store.write(changes([token("b", "x")])) }
        #expect(fault?.kind == .moved, "\(fault?.description ?? "")")
        try await store.write(changes([token("a", "new"), token("b", "x")]))
    }
}
