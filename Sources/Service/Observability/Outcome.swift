package import Contract
package import LocalHTTP
package import Tokens

/// The outcome of a request: the response, and what metrics and audit need.
package struct Outcome: Sendable {
    package var response: Response
    /// The token that was served.
    package var token: Token?
    package var problem: ProblemKind?

    package init(_ response: Response, token: Token? = nil) {
        self.response = response
        self.token = token
    }

    /// - Parameter endpoint: the facade has a form of errors of its own.
    package init(_ problem: Problem, requestID: String, of endpoint: Endpoint? = nil) {
        response = endpoint?.isFacade ?? false ? problem.oauth2Response(requestID: requestID) : problem.response(requestID: requestID)
        self.problem = problem.kind
    }
}
