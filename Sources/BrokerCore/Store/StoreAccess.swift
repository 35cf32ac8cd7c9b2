import Glibc

/// A store in use: what it held at start, and the way to it.
package struct StoreAccess: Sendable {
    package let journal: StoreJournal
    /// Tokens as they were kept, by name.
    package let restored: [RecordName: StoredToken]
    /// So that fingerprints mean the same after a restart.
    package let fingerprints: Fingerprints
    package let bootID: String

    package init(journal: StoreJournal, restored: [RecordName: StoredToken], fingerprints: Fingerprints, bootID: String) {
        self.journal = journal
        self.restored = restored
        self.fingerprints = fingerprints
        self.bootID = bootID
    }
}

/// A store and its key, opened and read.
package struct OpenedStore: Sendable {
    package let store: any TokenStore
    package let key: StoreKey
    package let tokens: [StoredToken]

    /// - Parameters:
    ///   - environment: for $STATE_DIRECTORY (systemd.exec(5)).
    /// - Returns: nil where tokens are to be kept in memory.
    /// - Throws: `StoreFault` where the store cannot be used; nothing in it was changed.
    package static func open(_ configuration: StoreConfiguration, environment: [String: String], secrets: any SecretSource, clocks: any Clocks)
        async throws(StoreFault) -> OpenedStore?
    {
        let path: String
        var reference: SecretReference?
        switch configuration {
        case .memory: return nil
        case .automatic:
            guard let folder = environment["STATE_DIRECTORY"]?.split(separator: ":").first else { return nil }
            path = "\(folder)/tokens.db"
        case .sqlite(let given, let key):
            path = given
            reference = key
        }
        let key = try await self.key(reference ?? .file(path: keyPath(beside: path), isShared: false), database: path, secrets: secrets)
        let store = try SQLiteTokenStore(path: path, key: key, clocks: clocks)
        return OpenedStore(store: store, key: key, tokens: try await store.load())
    }

    private static func keyPath(beside path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "store.key" }
        return path[...slash] + "store.key"
    }

    /// Reads the key. A key file that is missing is made, but never where a database is that it could not open.
    private static func key(_ reference: SecretReference, database: String, secrets: any SecretSource) async throws(StoreFault) -> StoreKey {
        if case .file(let path, _) = reference, unsafe access(path, F_OK) != 0, errno == ENOENT {
            guard unsafe access(database, F_OK) != 0 else {
                throw StoreFault("\(path): the key of \(database) is not there; bring it back, or move the database away")
            }
            return try make(path)
        }
        let given: Secret
        do throws(SecretFault) {
            given = try await secrets.read(reference)
        } catch {
            throw StoreFault("the store's key: \(error)")
        }
        guard let key = StoreKey(given) else { throw StoreFault("\(reference.place): must be 32 bytes, or their base64 or hexadecimal") }
        return key
    }

    private static func make(_ path: String) throws(StoreFault) -> StoreKey {
        let key = StoreKey()
        let text = key.hex.exposedBytes + [0x0A]
        let descriptor = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreFault("\(path): cannot be made: \(systemMessage(errno))") }
        defer { close(descriptor) }
        guard unsafe write(descriptor, text, text.count) == text.count, fsync(descriptor) == 0 else {
            let reason = systemMessage(errno)
            unsafe unlink(path)
            throw StoreFault("\(path): cannot be written: \(reason)")
        }
        return key
    }
}
