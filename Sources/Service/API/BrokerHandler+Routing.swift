import Admission
import Configuration
import Contract
import LocalHTTP
import Observability
import Time

/// Requests that are routed: everything but the plain requests for current tokens.
extension BrokerHandler {
    /// - Parameter decided: the caller and the refusal, where admission has been asked already.
    func route(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ body: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer,
        decided: (known: KnownCaller?, refusal: Problem)? = nil
    ) throws(Problem) -> Reply {
        guard head.method != .other else { throw Problem(.methodNotImplemented, "the methods are GET, HEAD and POST") }
        let target = try RequestTarget(head, bytes)
        let method = head.form == .asterisk || head.form == .authority ? "" : head.method.rawValue
        switch RouteTable.match(method: method, segments: target.segments) {
        case .none:
            if head.form == .asterisk { throw allowing("GET, HEAD, POST") }
            throw Problem(.notFound, "there is no such path")
        case .otherMethod(let allow):
            throw allowing(allow)
        case .route(let route, let parameters):
            if route.endpoint.isFacade { return answerFacade(route, parameters["token"], head, bytes, body, query: target.query, on: connection) }
            let known = decided.map(\.known) ?? admission.caller(head, bytes, on: connection)
            let routed = RoutedRequest(
                endpoint: route.endpoint, token: parameters["token"] ?? "", requestID: requestIDs.next(),
                caller: admission.audited(known, on: connection))
            if let decided { return finish(routed, decided.refusal) }
            do throws(Problem) {
                // The query, the conditions and the Accept of a proxy's authorization request are its visitor's.
                let isVisitors = known?.asksForVisitor(on: route) ?? false
                let query = isVisitors ? target.query.filter { known?.standing.passedInputs.contains($0.name) ?? false } : target.query
                // A stranger's query is not looked into.
                let inputs = known == nil ? [:] : APIRequest.inputs(query)
                let subject: Admission.Subject = parameters["token"].map { .token($0, inputs: inputs) } ?? .all
                try admission.decide(head, bytes, route, about: subject, by: known, on: connection)
                let request = try APIRequest(
                    route: route, parameters: parameters, query: query, isVisitors: isVisitors, head: head, bytes: bytes, body: body,
                    caller: known?.caller,
                    policy: admission.rules.policy, requestID: routed.requestID)
                if let reply = sendCombination(request, head, bytes, by: known, on: connection, into: &output) { return reply }
                return try answer(request, routed, known, on: connection)
            } catch {
                return finish(routed, error)
            }
        }
    }

    /// Answers a token request of the OAuth2 facade, whose credentials are in its Basic or body.
    private func answerFacade(
        _ route: Route, _ named: String?, _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ body: Span<UInt8>,
        query: [(name: String, value: String)],
        on connection: Connection
    ) -> Reply {
        var routed = RoutedRequest(
            endpoint: route.endpoint, token: named ?? "", requestID: requestIDs.next(), caller: admission.audited(nil, on: connection))
        do throws(Problem) {
            let form: OAuth2Request
            do throws(Problem) {
                form = try OAuth2Request(head, bytes, body, query: query)
            } catch {
                // A request without credentials costs what one with wrong ones does.
                if error.kind == .unauthenticated { throw admission.refusalOfClient(on: connection) }
                throw error
            }
            let known = form.keys.lazy.compactMap { [admission] in admission.client(form.client, key: $0, on: connection) }.first
            routed.caller = admission.audited(known, on: connection)
            guard let known else { throw admission.refusalOfClient(on: connection) }
            let token = try form.token(named)
            routed.token = token
            // Unknown parameters are ignored (RFC 6749 §3.2).
            let inputNames = admission.rules.inputNames[token] ?? []
            let others = form.others.filter { inputNames.contains($0.name) || $0.name == "wait" || $0.name == "min_valid" }
            let inputs = APIRequest.inputs(others)
            try admission.decide(head, bytes, route, about: .token(token, inputs: inputs), by: known, on: connection)
            let leastLife = known.standing.minValid.map { [("min_valid", String($0.secondsRoundedUp))] } ?? []
            let request = try APIRequest(
                route: route, parameters: ["token": token], query: others + (others.contains { $0.name == "min_valid" } ? [] : leastLife),
                isVisitors: true, head: head, bytes: bytes, body: bytes.extracting(0..<0), caller: known.caller, policy: admission.rules.policy,
                requestID: routed.requestID)
            return try answer(request, routed, known, on: connection)
        } catch {
            return finish(routed, error)
        }
    }

    private func allowing(_ methods: String) -> Problem {
        var problem = Problem(.methodNotAllowed, "method not allowed")
        problem.fields = [("Allow", methods)]
        return problem
    }

    private func answer(_ request: APIRequest, _ routed: RoutedRequest, _ known: KnownCaller?, on connection: Connection) throws(Problem) -> Reply {
        switch api.answer(request) {
        case .now(let outcome):
            return finish(routed, outcome)
        case .later(let work):
            // A caller that did not wait for its POST may still have meant it.
            if request.route.method != .post, connection.isAbandoned() { return .hangUp }
            let uses = try admission.enter(known)
            let (ticket, ledger) = (connection.ticket(), ledger)
            let answer = pending.submit(for: connection.share.owner, Self.bounds(admission.rules.bounds, of: connection.share)) { answer in
                let produced = await work()
                for use in uses { use.leave() }
                let outcome = answer.instead ?? produced
                ledger.record(outcome, routed)
                ticket.deliver(outcome.response)
            }
            guard let answer else {
                for use in uses { use.leave() }
                throw Problem(.tooManyRequests, "too many requests of this caller are waiting", retryAfter: .seconds(1))
            }
            if let known {
                waiting.add(
                    WaitingRequests.Request(
                        answer: answer, known: known, route: request.route, token: request.parameters["token"], inputs: request.perRequest,
                        requestID: routed.requestID), of: connection)
            }
            return .later
        }
    }

    /// `waiting` is divided among callers as connections are.
    private static func bounds(_ bounds: ConnectionBounds, of share: ConnectionShare) -> PendingAnswers.Bounds {
        PendingAnswers.Bounds(all: bounds.waiting, each: max(1, bounds.waiting * min(share.limit, bounds.connections) / bounds.connections))
    }

    private func finish(_ routed: RoutedRequest, _ problem: Problem) -> Reply {
        finish(routed, Outcome(problem, requestID: routed.requestID, of: routed.endpoint))
    }

    /// Answers now and records the outcome.
    private func finish(_ routed: RoutedRequest, _ outcome: Outcome) -> Reply {
        let refusal = outcome.problem.flatMap { $0.isRefusal ? $0 : nil }
        let isAudited = refusal.map { audit.recordRefusal($0, of: routed.caller) } ?? true
        ledger.record(outcome, routed, isAudited: isAudited)
        return .response(outcome.response)
    }
}
