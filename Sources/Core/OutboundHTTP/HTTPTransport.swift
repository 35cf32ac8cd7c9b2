package import HTTPTypes
package import Time

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

/// A partner's answer, whatever it says.
package struct PartnerReply: Sendable {
    package var status: Int
    package var fields: HTTPFields
    package var body: [UInt8]
    /// When the request was sent and the answer was whole, by both clocks.
    package var sentAt: BootInstant
    package var sentAtWall: WallTime
    package var receivedAtWall: WallTime

    package init(status: Int, fields: HTTPFields, body: [UInt8], sentAt: BootInstant, sentAtWall: WallTime, receivedAtWall: WallTime) {
        self.status = status
        self.fields = fields
        self.body = body
        self.sentAt = sentAt
        self.sentAtWall = sentAtWall
        self.receivedAtWall = receivedAtWall
    }
}

/// Sends requests to partners.
package protocol HTTPTransport: Sendable {
    /// - Throws: `TransportFault` when no whole answer came.
    func send(_ request: OutboundRequest) async throws(TransportFault) -> PartnerReply
}
