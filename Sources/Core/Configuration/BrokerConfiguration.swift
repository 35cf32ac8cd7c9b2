package import Secrets

/// The daemon's configuration as a value; equal values mean that nothing changed.
package struct BrokerConfiguration: Sendable, Equatable {
    package var listeners: [ListenerConfiguration] = [ListenerConfiguration(address: .tcp("127.0.0.1:8653"))]
    /// Whether the file has a `listen` section; without one, sockets passed by a service manager replace the default.
    package var namesListeners = false
    /// Where units load tokens as credentials; opened where a client has a `unit`.
    package var credentialSocket: String?
    /// Names that `Host` may have on TCP, besides the loopback literals and localhost.
    package var hosts: [String] = []
    package var clients: [ClientConfiguration] = []
    /// Whether the file has a `clients` section; without one only the daemon's own user and root are served.
    package var hasClients = false
    package var tokens: [TokenConfiguration] = []
    package var logins = LoginBounds()
    package var limits = ConnectionBounds()
    package var readiness = Readiness()
    package var store = StoreConfiguration.automatic
    /// Whether the log has a line for every token served or refused.
    package var log = LogConfiguration()
    package var isAudited = true
    /// Whether metrics are open to everybody, not only to known callers.
    package var hasOpenMetrics = false

    package init() {}

    /// The usual path of the credentials socket.
    package static let usualCredentialSocket = "/run/tokenbroker/credentials.sock"

    /// The path of the credentials socket; nil where no client is a unit.
    package var openCredentialSocket: String? {
        clients.contains { $0.unit != nil } ? credentialSocket ?? Self.usualCredentialSocket : nil
    }

    package func token(_ name: String) -> TokenConfiguration? { tokens.first { $0.name == name } }

    /// References to all secrets: the tokens' inputs and the store's key.
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
