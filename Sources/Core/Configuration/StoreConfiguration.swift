package import Secrets

/// Where tokens are stored.
package enum StoreConfiguration: Sendable, Equatable {
    /// SQLite in $STATE_DIRECTORY if systemd sets it, else memory.
    case automatic
    case memory
    /// - Parameter key: nil for `store.key` next to the database, generated at the first start.
    case sqlite(path: String, key: SecretReference?)
    /// Shared with other hosts, and sealed with a key that is the same on every host.
    case etcd(EtcdConfiguration, key: SecretReference)
}
