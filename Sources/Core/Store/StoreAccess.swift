package import Configuration
import Glibc
package import Secrets
package import Time
package import Tokens

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
        guard let (path, reference) = place(configuration, environment) else { return nil }
        let (store, key) = try await open(path, reference, secrets, clocks)
        return OpenedStore(store: store, key: key, tokens: try await store.load())
    }

    /// Seals a store with another key: one in `newKey`, for a key that is no file, or a new one in the key's own file.
    ///
    /// - Returns: what is left to do, in words.
    /// - Throws: `StoreFault`; nothing was changed then, or the next start brings the change to its end.
    package static func rekey(
        _ configuration: StoreConfiguration, newKey: SecretReference?, environment: [String: String], secrets: any SecretSource, clocks: any Clocks
    ) async throws(StoreFault) -> String {
        guard let (path, reference) = place(configuration, environment) else {
            throw StoreFault("there is no store on this host: tokens are kept in memory, or in etcd")
        }
        guard unsafe access(path, F_OK) == 0 else { throw StoreFault("\(path): there is no store yet") }
        let (store, _) = try await open(path, reference, secrets, clocks)
        if let newKey {
            try store.rekey(to: try await read(newKey, secrets))
            return "\(path): sealed with the key in \(newKey.place); have \(reference.place) hold it before the daemon starts"
        }
        guard case .file(let keyPath, _) = reference else {
            throw StoreFault("the key is \(reference.place), which this cannot change: give the new one by --key-file")
        }
        let file = StoreKeyFile(path: keyPath)
        try store.rekey(to: try file.makeNext())
        try file.commit()
        return "\(path): sealed with a new key in \(keyPath)"
    }

    private static func place(_ configuration: StoreConfiguration, _ environment: [String: String]) -> (path: String, key: SecretReference)? {
        switch configuration {
        case .memory, .etcd: return nil
        case .automatic:
            guard let folder = environment["STATE_DIRECTORY"]?.split(separator: ":").first else { return nil }
            return ("\(folder)/tokens.db", .file(path: "\(folder)/store.key", isShared: false))
        case .sqlite(let path, let key):
            let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
            return (path, key ?? .file(path: folder + "store.key", isShared: false))
        }
    }

    /// Opens with the key, or with the next one where a change of keys was cut off; a key file that is missing is made, but never
    /// where a database is that it could not open.
    private static func open(_ path: String, _ reference: SecretReference, _ secrets: any SecretSource, _ clocks: any Clocks)
        async throws(StoreFault) -> (SQLiteTokenStore, StoreKey)
    {
        guard case .file(let keyPath, _) = reference else {
            let key = try await read(reference, secrets)
            return (try SQLiteTokenStore(path: path, key: key, clocks: clocks), key)
        }
        let file = StoreKeyFile(path: keyPath)
        if !file.exists {
            guard unsafe access(path, F_OK) != 0 else {
                throw StoreFault("\(keyPath): the key of \(path) is not there; bring it back, or move the database away")
            }
            let key = try file.make()
            return (try SQLiteTokenStore(path: path, key: key, clocks: clocks), key)
        }
        let key = try await read(reference, secrets)
        do throws(StoreFault) {
            let store = try SQLiteTokenStore(path: path, key: key, clocks: clocks)
            file.dropNext()
            return (store, key)
        } catch {
            guard error.description.contains(SQLiteTokenStore.wrongKey), let next = file.readNext() else { throw error }
            let store = try SQLiteTokenStore(path: path, key: next, clocks: clocks)
            try file.commit()
            return (store, next)
        }
    }

    /// The key a fleet seals with; nil where there is no fleet.
    package static func fleetKey(_ configuration: StoreConfiguration, secrets: any SecretSource) async throws(StoreFault) -> StoreKey? {
        guard case .etcd(_, let key) = configuration else { return nil }
        return try await read(key, secrets)
    }

    private static func read(_ reference: SecretReference, _ secrets: any SecretSource) async throws(StoreFault) -> StoreKey {
        let given: Secret
        do throws(SecretFault) {
            given = try await secrets.read(reference)
        } catch {
            throw StoreFault("the store's key: \(error)")
        }
        guard let key = StoreKey(given) else { throw StoreFault("\(reference.place): must be 32 bytes, or their base64 or hexadecimal") }
        return key
    }
}
