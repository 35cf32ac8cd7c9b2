package import Contract
package import LocalHTTP
package import Time
package import Tokens

/// How a request was answered: the answer, and what metrics and audit want to know of it.
package struct Outcome: Sendable {
    package var response: Response
    /// The token that was handed out.
    package var token: Token?
    package var problem: ProblemKind?

    package init(_ response: Response, token: Token? = nil) {
        self.response = response
        self.token = token
    }

    package init(_ problem: Problem, requestID: String) {
        response = problem.response(requestID: requestID)
        self.problem = problem.kind
    }
}

/// A request that found its route, as ledger and audit name it.
package struct RoutedRequest: Sendable {
    let endpoint: Endpoint
    let token: String
    package let requestID: String
    package let caller: AuditedCaller

    package init(endpoint: Endpoint, token: String, requestID: String, caller: AuditedCaller) {
        self.endpoint = endpoint
        self.token = token
        self.requestID = requestID
        self.caller = caller
    }
}

/// Where every answered request is written down: counters and, where it is one of those, a line of the audit.
package struct RequestLedger: Sendable {
    package let metrics: RequestMetrics
    package let audit: AuditLog
    let clocks: any Clocks

    package init(metrics: RequestMetrics, audit: AuditLog, clocks: any Clocks) {
        self.metrics = metrics
        self.audit = audit
        self.clocks = clocks
    }

    /// Writes down a request that had a route.
    ///
    /// - Parameter isAudited: false where a line that sums up many takes the place of this one.
    package func record(_ outcome: Outcome, _ request: RoutedRequest, isAudited: Bool = true) {
        let (endpoint, token, caller) = (request.endpoint, request.token, request.caller)
        metrics.answered(endpoint, status: outcome.response.status)
        if let problem = outcome.problem { metrics.refused(problem) }
        if outcome.token != nil { metrics.served(token).add() }
        let isRefusal = [401, 403, 429].contains(outcome.response.status)
        guard isAudited, audit.isOn, endpoint.isAudited || isRefusal, outcome.response.status != 304 else { return }
        var line = " action=\(endpoint.rawValue)"
        if !token.isEmpty { line += " token=\(LogText.foreign(token))" }
        if let served = outcome.token {
            line += " fingerprint=\(served.fingerprint)"
            if let left = served.remaining(at: clocks.boot) { line += " expires_in=\(left.wholeSeconds)" }
        }
        line += " outcome=\(outcome.problem?.rawValue ?? (outcome.token == nil ? "done" : "served")) request=\(request.requestID)"
        audit.write(isRefusal ? .warning : .info, of: caller, line)
    }

    /// Writes down a request that was refused before it had a route.
    package func record(_ problem: ProblemKind) {
        metrics.answered(nil, status: problem.status)
        metrics.refused(problem)
    }
}
