package import Configuration
package import LocalHTTP

extension ServerLimits {
    /// Takes the configured limits that the server enforces; admission enforces the others.
    ///
    /// - Parameter connectionsAtMost: the number of connections the process has descriptors for.
    package init(_ bounds: ConnectionBounds, connectionsAtMost: Int) {
        self.init(
            headerBytes: bounds.headerBytes, fields: bounds.fields, bodyBytes: bounds.bodyBytes, headerTime: bounds.headerTime,
            requestTime: bounds.requestTime, idleTime: bounds.idleTime, connections: min(bounds.connections, connectionsAtMost),
            shareBytes: max(bounds.shareBytes, 4 * (bounds.headerBytes + bounds.bodyBytes)), idleGrace: bounds.idleGrace,
            firstRequestGrace: bounds.firstRequestGrace)
    }
}
