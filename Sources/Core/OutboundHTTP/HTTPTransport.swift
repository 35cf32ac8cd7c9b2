import HTTPTypes
import Time

/// Sends requests to partners.
package protocol HTTPTransport: Sendable {
    /// - Throws: `TransportFault` when no whole answer came.
    func send(_ request: OutboundRequest) async throws(TransportFault) -> PartnerReply
}
