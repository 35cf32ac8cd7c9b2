package import Secrets
import Time

/// The daemon's configuration as an immutable value; equal values mean nothing changed.
package struct BrokerConfiguration: Sendable, Equatable {
    package var listeners: [ListenerConfiguration] = [ListenerConfiguration(address: .tcp("127.0.0.1:8653"))]
    /// Whether the file has a `listen` section: without one, sockets that a service manager hands over take the default's place.
    package var namesListeners = false
    /// Names besides the loopback literals and localhost that `Host` may carry on TCP.
    package var hosts: [String] = []
    package var clients: [ClientConfiguration] = []
    /// Whether the file has a `clients` section: without one only the daemon's own user and root are served.
    package var hasClients = false
    package var tokens: [TokenConfiguration] = []
    package var logins = LoginBounds()
    package var limits = ConnectionBounds()
    package var readiness = Readiness()
    package var store = StoreConfiguration.automatic
    /// One line in the log for every token handed out or refused.
    package var isAudited = true
    /// Metrics are for everybody, not for known callers alone.
    package var hasOpenMetrics = false

    package init() {}

    package func token(_ name: String) -> TokenConfiguration? { tokens.first { $0.name == name } }

    /// Every secret there is, where it stands: those the tokens are made with, and the store's key.
    package var references: [SecretReference] {
        let key: SecretReference? =
            switch store {
            case .sqlite(_, let key): key
            case .etcd(_, let key): key
            case .automatic, .memory: nil
            }
        return tokens.flatMap(\.references) + [key].compactMap { $0 }
    }
}
