package import Contract
import LocalHTTP
package import Time
import Tokens

/// Records every answered request: in the counters and, where the request is audited, in the audit.
package struct RequestLedger: Sendable {
    package let metrics: RequestMetrics
    package let audit: AuditLog
    let clocks: any Clocks

    package init(metrics: RequestMetrics, audit: AuditLog, clocks: any Clocks) {
        self.metrics = metrics
        self.audit = audit
        self.clocks = clocks
    }

    /// Records a request that had a route.
    ///
    /// - Parameter isAudited: false where a line that summarises many requests replaces the line of this one.
    package func record(_ outcome: Outcome, _ request: RoutedRequest, isAudited: Bool = true) {
        let (endpoint, token, caller) = (request.endpoint, request.token, request.caller)
        metrics.answered(endpoint, status: outcome.response.status)
        if let problem = outcome.problem { metrics.refused(problem) }
        if outcome.token != nil { metrics.served(token).add() }
        let isRefusal = outcome.problem?.isRefusal == true
        guard isAudited, audit.isOn, endpoint.isAudited || isRefusal, outcome.response.status != 304 else { return }
        let served = outcome.token
        let word = outcome.problem?.rawValue ?? (served == nil ? "done" : AuditFields.served)
        let line =
            AuditFields.request(endpoint, token: token, fingerprint: served?.fingerprint)
            + AuditFields.outcome(word, expiresIn: served?.remaining(at: clocks.boot)?.wholeSeconds, requestID: request.requestID)
        audit.write(isRefusal ? .warning : .info, of: caller, line)
    }

    /// Records a request that was refused before it had a route.
    package func record(_ problem: ProblemKind) {
        metrics.answered(nil, status: problem.status)
        metrics.refused(problem)
    }
}
