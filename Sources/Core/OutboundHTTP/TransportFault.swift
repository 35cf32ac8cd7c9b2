/// Why no complete answer was received.
package struct TransportFault: Error, Sendable, Equatable {
    package enum Kind: Sendable {
        /// No connection was made, or it was closed early.
        case unreachable
        case timedOut
        /// The certificate or TLS version was not accepted, or the proxy requires authentication.
        case untrusted
        /// The answer is not HTTP, or is too large.
        case unreadable
        /// A local fault: an unreadable file, or a URL that cannot be requested.
        case unusable
    }

    package var kind: Kind
    /// Lower-case start, nothing secret.
    package var reason: String
    /// The status of the proxy's answer, if the proxy refused.
    package var status: Int?

    package init(_ kind: Kind, _ reason: String, status: Int? = nil) {
        self.kind = kind
        self.reason = reason
        self.status = status
    }
}
