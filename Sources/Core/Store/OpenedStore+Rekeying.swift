package import Configuration
import Glibc
package import Secrets
package import Time

extension OpenedStore {
    /// Seals a store with another key: the one in `newKey`, for a key that is not in a file, or a new one written to the key file.
    ///
    /// - Returns: what was done and what remains to be done, for the operator.
    /// - Throws: `StoreFault`; then nothing was changed, or the next start completes the change.
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
            return "\(path): sealed with the key in \(newKey.place); put that key in \(reference.place) before the daemon starts"
        }
        guard case .file(let keyPath, _) = reference else {
            throw StoreFault("the key is \(reference.place), which this command cannot change; pass the new key with --key-file")
        }
        let file = StoreKeyFile(path: keyPath)
        try store.rekey(to: try file.makeNext())
        try file.commit()
        return "\(path): sealed with a new key in \(keyPath)"
    }
}
