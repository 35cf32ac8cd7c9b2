/// The configurable settings of a connection to a partner; all others are fixed.
package struct ConnectionSettings: Sendable, Hashable {
    /// A PEM bundle of certificate authorities that replaces the system's.
    package var authorities: String?
    /// Client certificate and key, PEM files.
    package var certificate: String?
    package var key: String?
    /// `http://host:port` or `https://host:port`; proxies from the environment are ignored.
    package var proxy: String?
    /// Time limit for the look-up of the name and the connection; nil: `time`.
    package var connectTime: Duration?
    /// Time limit for the whole exchange, which also ends a response that only trickles in.
    package var time = Duration.seconds(10)
    /// A unix socket to connect to instead of the URL's host, as the command line does to reach the daemon.
    package var unixSocket: String?

    package init() {}

    package static let headerBytes = 64 * 1024
    /// After content decoding.
    package static let bodyBytes = 1024 * 1024
}
