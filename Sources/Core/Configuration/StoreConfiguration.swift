package import Secrets

/// Where tokens outlive the process.
package enum StoreConfiguration: Sendable, Equatable {
    /// SQLite in $STATE_DIRECTORY where systemd gives one, else memory.
    case automatic
    case memory
    /// - Parameter key: nil for `store.key` beside the database, made at first start.
    case sqlite(path: String, key: SecretReference?)
    /// Shared with other hosts, sealed with a key that is the same on all of them.
    case etcd(EtcdConfiguration, key: SecretReference)
}
