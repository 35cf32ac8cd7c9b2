/// Sends requests to partners.
package protocol HTTPTransport: Sendable {
    /// - Throws: `TransportFault` if no complete answer was received.
    func send(_ request: OutboundRequest) async throws(TransportFault) -> PartnerReply
}
