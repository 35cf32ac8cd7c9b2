import Admission
import Contract
import LocalHTTP
import Observability

/// The requests of one event loop that are answered later, by connection. They end with their connection, and with the reload that takes
/// their caller's right away.
final class WaitingRequests {
    struct Request {
        let answer: PendingAnswer
        let known: KnownCaller
        let route: Route
        /// Nil where the request is not about one token.
        let token: String?
        let inputs: [String: String]
        let requestID: String
    }

    private var requests: [ObjectIdentifier: Request] = [:]

    func add(_ request: Request, of connection: Connection) { requests[ObjectIdentifier(connection)] = request }

    func remove(_ connection: Connection) { requests[ObjectIdentifier(connection)] = nil }

    /// Ends the wait of a connection that is gone. What changes something goes on: a reload, an action, a report.
    func abandon(_ connection: Connection) {
        guard let request = requests.removeValue(forKey: ObjectIdentifier(connection)), request.route.endpoint.onlyWaits else { return }
        request.answer.end()
    }

    /// Ends the requests whose caller may not make them any more; whatever they were waiting for, they get a refusal.
    func revoke(unless isAllowed: (Request) -> Bool) {
        for request in requests.values where !isAllowed(request) { request.answer.end(with: Outcome(.forbidden, requestID: request.requestID)) }
    }
}
