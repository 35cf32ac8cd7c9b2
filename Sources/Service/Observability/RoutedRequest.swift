package import Contract

/// A request that has a route, as the ledger and the audit record it.
package struct RoutedRequest: Sendable {
    package let endpoint: Endpoint
    package var token: String
    package let requestID: String
    package var caller: AuditedCaller

    package init(endpoint: Endpoint, token: String, requestID: String, caller: AuditedCaller) {
        self.endpoint = endpoint
        self.token = token
        self.requestID = requestID
        self.caller = caller
    }
}
