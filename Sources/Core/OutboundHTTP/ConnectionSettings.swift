import HTTPTypes
import Time

/// How to reach a partner; everything else about the connection is fixed.
package struct ConnectionSettings: Sendable, Hashable {
    /// A PEM bundle used instead of the system's.
    package var authorities: String?
    /// Client certificate and key, PEM files.
    package var certificate: String?
    package var key: String?
    /// `http://host:port` or `https://host:port`; none from the environment.
    package var proxy: String?
    package var connectTime = Duration.seconds(5)
    /// The whole exchange; a slow drip ends with it.
    package var time = Duration.seconds(10)
    /// A unix socket to connect to in place of the URL's host (the command line's way to the daemon).
    package var unixSocket: String?

    package init() {}

    package static let headerBytes = 64 * 1024
    /// After content decoding.
    package static let bodyBytes = 1024 * 1024
}
