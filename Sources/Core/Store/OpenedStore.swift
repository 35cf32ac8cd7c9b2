package import Configuration
import Glibc
package import Secrets
package import Time

/// An open store, its key and the tokens read from it.
package struct OpenedStore: Sendable {
    package let store: any TokenStore
    package let key: StoreKey
    package let tokens: [StoredToken]

    /// - Parameters:
    ///   - environment: for $STATE_DIRECTORY (systemd.exec(5)).
    /// - Returns: nil if tokens are kept in memory or in etcd.
    /// - Throws: `StoreFault` if the store cannot be used; nothing in it was changed.
    package static func open(_ configuration: StoreConfiguration, environment: [String: String], secrets: any SecretSource, clocks: any Clocks)
        async throws(StoreFault) -> OpenedStore?
    {
        guard let (path, reference) = place(configuration, environment) else { return nil }
        let (store, key) = try await open(path, reference, secrets, clocks)
        return OpenedStore(store: store, key: key, tokens: try await store.load())
    }

    /// The database's path and its key; nil if tokens are kept in memory or in etcd.
    package static func place(_ configuration: StoreConfiguration, _ environment: [String: String]) -> (path: String, key: SecretReference)? {
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

    /// Opens with the key, or with the next key if a change of keys was interrupted.
    ///
    /// A missing key file is created, unless a database exists that the new key could not open.
    static func open(_ path: String, _ reference: SecretReference, _ secrets: any SecretSource, _ clocks: any Clocks)
        async throws(StoreFault) -> (SQLiteTokenStore, StoreKey)
    {
        guard case .file(let keyPath, _) = reference else {
            let key = try await read(reference, secrets)
            return (try SQLiteTokenStore(path: path, key: key, clocks: clocks), key)
        }
        let file = StoreKeyFile(path: keyPath)
        if !file.exists {
            guard unsafe access(path, F_OK) != 0 else {
                throw StoreFault("\(keyPath): the key of \(path) is missing; restore it, or move the database away")
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

    /// The key a fleet seals its records with; nil without a fleet.
    package static func fleetKey(_ configuration: StoreConfiguration, secrets: any SecretSource) async throws(StoreFault) -> StoreKey? {
        guard case .etcd(_, let key) = configuration else { return nil }
        return try await read(key, secrets)
    }

    /// The key that a reference leads to.
    ///
    /// - Throws: `StoreFault` for a secret that cannot be read or is no key.
    package static func key(_ reference: SecretReference, secrets: any SecretSource) async throws(StoreFault) -> StoreKey {
        try await read(reference, secrets)
    }

    static func read(_ reference: SecretReference, _ secrets: any SecretSource) async throws(StoreFault) -> StoreKey {
        let given: Secret
        do throws(SecretFault) {
            // A key of 32 bytes is taken as it is; any other is text.
            let bytes = try await secrets.readBytes(reference)
            given = bytes.count == 32 ? Secret(bytes) : try SecretText.secret(in: bytes, at: reference.place)
        } catch {
            throw StoreFault("the store's key: \(error)")
        }
        guard let key = StoreKey(given) else { throw StoreFault("\(reference.place): must be 32 bytes, or their base64 or hexadecimal") }
        return key
    }
}
