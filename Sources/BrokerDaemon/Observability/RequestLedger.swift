package import BrokerCore
package import LocalHTTP

/// How a request was answered: the answer, and what metrics and audit want to know of it.
package struct Outcome: Sendable {
    package var response: Response
    /// The token that was handed out.
    package var token: Token?
    package var problem: ProblemKind?

    init(_ response: Response, token: Token? = nil) {
        self.response = response
        self.token = token
    }

    init(_ problem: Problem, requestID: String) {
        response = problem.response(requestID: requestID)
        self.problem = problem.kind
    }
}

/// Where every answered request is written down: counters and, where it is one of those, a line of the audit.
package struct RequestLedger: Sendable {
    let metrics: RequestMetrics
    let audit: AuditLog
    let clocks: any Clocks

    package init(metrics: RequestMetrics, audit: AuditLog, clocks: any Clocks) {
        self.metrics = metrics
        self.audit = audit
        self.clocks = clocks
    }

    /// Writes down a request that had a route.
    func record(_ outcome: Outcome, endpoint: Endpoint, token: String, requestID: String, caller: AuditedCaller) {
        metrics.answered(endpoint, status: outcome.response.status)
        if let problem = outcome.problem { metrics.refused(problem) }
        if outcome.token != nil { metrics.served(token).add() }
        let isRefusal = [401, 403, 429].contains(outcome.response.status)
        guard audit.isOn, endpoint.isAudited || isRefusal, outcome.response.status != 304 else { return }
        var line = caller.text + " action=\(endpoint.rawValue)"
        if !token.isEmpty { line += " token=\(LogText.quoted(String(token.prefix(64))))" }
        if let served = outcome.token {
            line += " fingerprint=\(served.fingerprint)"
            if let left = served.remaining(at: clocks.boot) { line += " expires_in=\(left.wholeSeconds)" }
        }
        line += " outcome=\(outcome.problem?.rawValue ?? (outcome.token == nil ? "done" : "served")) request=\(requestID)\n"
        audit.append(audit.prefix(isRefusal ? .warning : .info) + Array(line.utf8), count: 1)
    }

    /// Writes down a request that was refused before it had a route.
    func record(_ problem: ProblemKind) {
        metrics.answered(nil, status: problem.status)
        metrics.refused(problem)
    }
}
