package import Secrets
package import Time

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

package struct ListenerConfiguration: Sendable, Equatable {
    package enum Address: Sendable, Equatable, CustomStringConvertible {
        /// A loopback literal with a port.
        case tcp(String)
        case unix(path: String, mode: UInt32, group: String?)

        package var description: String {
            switch self {
            case .tcp(let text): text
            case .unix(let path, _, _): "unix:\(path)"
            }
        }
    }

    package var address: Address

    package init(address: Address) {
        self.address = address
    }
}

package struct ClientConfiguration: Sendable, Equatable {
    package enum Permission: String, Sendable, CaseIterable { case read, refresh, admin }

    package var name: String
    /// SHA-256 of the key's bytes.
    package var keyDigest: [UInt8]?
    package var user: String?
    package var group: String?
    package var tokens: [TokenGrant]
    package var permissions: Set<Permission> = [.read]
    package var limits = ClientLimits()
    /// A reverse proxy that asks before it passes a request on: its forwarding fields are ignored on `/headers`.
    package var answersForwardAuth = false
}

/// What one client is held to; nil: nothing.
package struct ClientLimits: Sendable, Hashable {
    package var requests: Rate?
    /// Requests being answered at once.
    package var inFlight: Int?
    package var connections: Int?

    package init() {}
}

/// Tokens a client may use: a name pattern and, for tokens with per-request inputs, patterns of their values.
package struct TokenGrant: Sendable, Equatable {
    package var pattern: NamePattern
    /// By input; a per-request input not named here is not allowed, unless the grant is `*` itself.
    package var inputs: [String: NamePattern] = [:]
}

/// A pattern that knows only `*`: any run of characters, also none.
package struct NamePattern: Sendable, Hashable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package func matches(_ name: String) -> Bool {
        let pattern = Array(text.utf8)
        let name = Array(name.utf8)
        var row = [Bool](repeating: false, count: name.count + 1)
        row[0] = true
        for byte in pattern {
            if byte == 0x2A {
                for index in row.indices.dropFirst() where row[index - 1] { row[index] = true }
            } else {
                for index in row.indices.dropFirst().reversed() { row[index] = row[index - 1] && name[index - 1] == byte }
                row[0] = false
            }
        }
        return row[name.count]
    }
}

package struct LoginBounds: Sendable, Equatable {
    /// Logins in flight, in all and to one host.
    package var parallel = 64
    package var perHost = 8

    package init() {}
}

/// Bounds of the REST endpoint (security.md, "Admission").
package struct ConnectionBounds: Sendable, Equatable {
    package var headerBytes = 16 * 1024
    package var fields = 100
    package var bodyBytes = 64 * 1024
    package var headerTime = Duration.seconds(5)
    package var requestTime = Duration.seconds(10)
    package var idleTime = Duration.seconds(60)
    package var connections = 1024
    /// How long a connection beyond its share must have been idle before it is closed for another.
    package var idleGrace = Duration.seconds(1)
    /// How long a stop waits for the first request of a connection that has not asked for anything yet.
    package var firstRequestGrace = Duration.milliseconds(250)
    /// Of them for callers whom no rule knows by user and who showed no valid key yet, together.
    package var strangerConnections = 256
    /// Of them for one user, or for one client where the kernel cannot tell the user.
    package var userConnections = 512
    /// Requests that wait for their answer at once, in all.
    package var waiting = 4096
    /// Requests of one user refused for want of identity; beyond it they get 429.
    package var refusals = Rate(count: 20, period: .seconds(1))

    package init() {}
}

/// When the daemon reports that it is ready.
package struct Readiness: Sendable, Equatable {
    package enum Condition: String, Sendable, CaseIterable { case all, any, listening }

    package var condition = Condition.all
    package var within = Duration.seconds(20)

    package init() {}
}
