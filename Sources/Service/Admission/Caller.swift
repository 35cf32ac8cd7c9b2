package import LocalHTTP

/// Who asks, once that is known.
package struct Caller: Sendable {
    /// The clients of the configuration this caller is, by their place in it; several rules may fit one user.
    package var clients: [Int]
    /// The daemon's own user or root: over the unix socket always with `admin`.
    package var isOperator = false
    /// Served without any `clients` in the configuration.
    package var isOwner = false
    package var identity: PeerIdentity?
}
