package import HTTPTypes
import Time

/// A request to a partner.
package struct OutboundRequest: Sendable {
    package var method: HTTPRequest.Method
    /// Absolute, https (http to a loopback literal alone).
    package var url: String
    package var fields = HTTPFields()
    package var body: [UInt8]?
    package var connection = ConnectionSettings()
    /// Takes the answer's body as it comes, without end: then neither its size nor its time is bounded, and the connection is
    /// probed (TCP keep-alive) so that a host that is gone ends it. False ends it too.
    package var sink: (@Sendable ([UInt8]) -> Bool)?

    package init(
        method: HTTPRequest.Method, url: String, fields: HTTPFields = HTTPFields(), body: [UInt8]? = nil, connection: ConnectionSettings = .init()
    ) {
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
        self.connection = connection
    }
}
