import Configuration
import Secrets
import Store
import TestSupport
import Testing

/// Opening a store, and changing its key.
@Suite struct OpenedStoreTests {
    private let clocks = FakeClocks()

    private let secrets = SystemSecretSource(environment: [:])

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        try await body(folder)
    }

    private func open(_ folder: String) async throws(StoreFault) -> OpenedStore {
        let opened = try await OpenedStore.open(.sqlite(path: "\(folder)/tokens.db", key: nil), environment: [:], secrets: secrets, clocks: clocks)
        guard let opened else { throw StoreFault("memory") }
        return opened
    }

    private func write(_ folder: String) async throws {
        var changes = StoreChanges()
        changes.tokens[RecordName("a")] = StoredToken(name: RecordName("a"), login: [1], record: [1, 2, 3])
        try await open(folder).store.write(changes)
    }

    private func records(_ folder: String) async throws -> [[UInt8]] { try await open(folder).tokens.map(\.record) }

    private func rekey(_ folder: String, _ newKey: SecretReference? = nil) async throws(StoreFault) -> String {
        try await OpenedStore.rekey(
            .sqlite(path: "\(folder)/tokens.db", key: nil), newKey: newKey, environment: [:], secrets: secrets, clocks: clocks)
    }

    @Test func `a new key takes the file's place, and opens what was kept`() async throws {
        try await withFolder { folder in
            try await write(folder)
            let old = try TestFiles.text("\(folder)/store.key")
            _ = try await rekey(folder)
            let new = try TestFiles.text("\(folder)/store.key")
            #expect(new != old)
            let kept = try await records(folder)
            #expect(kept == [[1, 2, 3]])
            try TestFiles.write(old, to: "\(folder)/store.key")
            await #expect(throws: StoreFault.self) { try await open(folder) }
        }
    }

    @Test func `a change that was cut off is brought to its end, or undone`() async throws {
        try await withFolder { folder in
            try await write(folder)
            let old = try TestFiles.text("\(folder)/store.key")
            // Cut off before the records were sealed with the new key.
            try TestFiles.write(String(repeating: "cd", count: 32), to: "\(folder)/store.key.new")
            var kept = try await records(folder)
            #expect(kept == [[1, 2, 3]])
            #expect(throws: (any Error).self) { try TestFiles.text("\(folder)/store.key.new") }
            // Cut off between them and the file.
            _ = try await rekey(folder)
            let new = try TestFiles.text("\(folder)/store.key")
            try TestFiles.write(new, to: "\(folder)/store.key.new")
            try TestFiles.write(old, to: "\(folder)/store.key")
            kept = try await records(folder)
            #expect(kept == [[1, 2, 3]])
            #expect(try TestFiles.text("\(folder)/store.key") == new)
        }
    }

    @Test func `a store belongs to one process at a time`() async throws {
        try await withFolder { folder in
            try await write(folder)
            let held = try await open(folder)
            do {
                _ = try await rekey(folder)
                Issue.record("it was sealed with another key under a daemon's hands")
            } catch {
                #expect("\(error)".contains("in use by another process"))
            }
            #expect(held.tokens.count == 1)
        }
    }

    @Test func `a key from elsewhere is given by a file`() async throws {
        try await withFolder { folder in
            try await write(folder)
            try TestFiles.write(String(repeating: "ef", count: 32), to: "\(folder)/next")
            _ = try await rekey(folder, .file(path: "\(folder)/next", isShared: false))
            await #expect(throws: StoreFault.self) { try await open(folder) }
            try TestFiles.write(String(repeating: "ef", count: 32), to: "\(folder)/store.key")
            let kept = try await records(folder)
            #expect(kept == [[1, 2, 3]])
        }
    }
}
