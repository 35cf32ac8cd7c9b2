package import HTTPTypes

/// A request to a partner.
package struct OutboundRequest: Sendable {
    package var method: HTTPRequest.Method
    /// Absolute, https (http only to a loopback literal).
    package var url: String
    package var fields = HTTPFields()
    package var body: [UInt8]?
    package var connection = ConnectionSettings()
    /// Decrypts the client key; nil: the key is not encrypted. Nothing ever asks a terminal for it.
    package var passphrase: [UInt8]?
    /// Whether the answer tells when the server's certificate ends.
    package var notesCertificate = false
    /// Makes a text of this request, such as its URL, fit to be shown: without the secrets that it was made of.
    package var redact: @Sendable (String) -> String = { $0 }
    /// The largest body of an answer, in bytes; what a partner may send by default.
    package var largestBody = ConnectionSettings.bodyBytes
    /// Receives the answer's body as it arrives; return false to end the request.
    ///
    /// With a sink neither the size nor the time of the answer is bounded, and TCP keep-alive ends the connection to a host that is gone.
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
