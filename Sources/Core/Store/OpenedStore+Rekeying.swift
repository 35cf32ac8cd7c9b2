package import Configuration
import Glibc
package import Secrets
package import Time

extension OpenedStore {
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
}
