/// Why no whole answer came, by what happened on the way.
package struct TransportFault: Error, Sendable, Equatable {
    package enum Kind: Sendable {
        /// No connection, or it was cut.
        case unreachable
        case timedOut
        /// The certificate, the TLS version or the proxy's consent.
        case untrusted
        /// What came is no HTTP, or too much of it.
        case unreadable
        /// Something on this host: a file that cannot be read, a URL that cannot be asked.
        case unusable
    }

    package var kind: Kind
    /// Lower-case start, nothing secret.
    package var reason: String
    /// Of the proxy's answer, where that refused.
    package var status: Int?

    package init(_ kind: Kind, _ reason: String, status: Int? = nil) {
        self.kind = kind
        self.reason = reason
        self.status = status
    }
}
