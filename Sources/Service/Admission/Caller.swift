package import LocalHTTP
import Time

/// A known caller of the API.
package struct Caller: Sendable {
    /// The indices of the configured clients that this caller matches; several clients may match one user.
    package var clients: [Int]
    /// Whether it is the daemon's own user or root over the unix socket, who always has `admin`.
    package var isOperator = false
    /// Whether it is the daemon's own user or root while the configuration has no `clients`.
    package var isOwner = false
    package var identity: PeerIdentity?
    /// The beginning of the digest of the key that it showed, where its client has several.
    var keyMark: String?
    /// When the time of the key ends that it showed; nil: never, or it showed none.
    var keyEnd: WallTime?
}
