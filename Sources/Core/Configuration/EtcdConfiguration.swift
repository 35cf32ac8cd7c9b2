package import Secrets

/// How to reach etcd (https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/).
package struct EtcdConfiguration: Sendable, Equatable {
    /// Base URLs of the members, https (http only to a loopback literal).
    package var endpoints: [String]
    /// PEM files: the members' CA, and this host's certificate and key.
    package var authorities: String?
    package var certificate: String?
    package var key: String?
    /// A user of etcd's own authentication, and the password. The gateway takes no user from a client certificate.
    package var user: String?
    package var password: SecretReference?
    /// The prefix of every key; separate fleets must have different prefixes.
    package var prefix: String

    package init(endpoints: [String], prefix: String = "/tokenbroker/") {
        self.endpoints = endpoints
        self.prefix = prefix
    }
}
