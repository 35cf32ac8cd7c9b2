import BrokerDaemon
import Configuration
package import LocalHTTP

extension ServerLimits {
    /// What a daemon without `limits:` serves by.
    package static let usual = ServerLimits(ConnectionBounds(), connectionsAtMost: 1024)
}
