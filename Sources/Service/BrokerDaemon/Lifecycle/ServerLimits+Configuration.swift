package import Configuration
package import LocalHTTP

extension ServerLimits {
    /// The configured bounds that are the server's own; the others are admission's.
    ///
    /// - Parameter connectionsAtMost: what the process has descriptors for.
    package init(_ bounds: ConnectionBounds, connectionsAtMost: Int) {
        self.init(
            headerBytes: bounds.headerBytes, fields: bounds.fields, bodyBytes: bounds.bodyBytes, headerTime: bounds.headerTime,
            requestTime: bounds.requestTime, idleTime: bounds.idleTime, connections: min(bounds.connections, connectionsAtMost),
            idleGrace: bounds.idleGrace, firstRequestGrace: bounds.firstRequestGrace)
    }
}
