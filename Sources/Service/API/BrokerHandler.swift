import Admission
import Configuration
import Contract
package import LocalHTTP
package import Observability
import Synchronization
import Time

/// Answers requests on one event loop: current tokens from rendered bytes, everything else through `BrokerAPI`.
package final class BrokerHandler: RequestHandler {
    private let board: ServingBoard
    private let api: BrokerAPI
    private let pending: PendingAnswers
    private let requestIDs: RequestIDs
    private let ledger: RequestLedger
    private let admission: Admission
    private let cache: AnswerCache
    private let audit: AuditBatch
    private let waiting = WaitingRequests()
    private let tokenRoute = Route.token
    private let headersRoute = Route.tokenHeaders
    private let accepts = AcceptMemory()
    private var isAudited = false
    private var servingVersion: UInt64

    package init(board: ServingBoard, api: BrokerAPI, pending: PendingAnswers, requestIDs: RequestIDs, ledger: RequestLedger) {
        self.board = board
        self.api = api
        self.pending = pending
        self.requestIDs = requestIDs
        self.ledger = ledger
        servingVersion = board.version.load(ordering: .acquiring)
        let serving = board.serving
        admission = Admission(serving.rules, version: servingVersion)
        cache = AnswerCache(ledger.metrics)
        audit = AuditBatch(ledger.audit, requestIDs)
        isAudited = ledger.audit.isOn
        cache.update(serving.cells)
    }

    package func accept(_ peer: Peer) -> Admittance {
        ledger.metrics.accepted.add()
        return admission.admit(peer)
    }

    package func ended(_ connection: Connection, _ end: ConnectionEnd) {
        ledger.metrics.ended(end)
        waiting.abandon(connection)
    }

    package func delivered(_ connection: Connection) { waiting.remove(connection) }

    package func begin(_ time: LoopTime) {
        admission.begin(time)
        cache.begin(time)
        audit.begin(time)
        let version = board.version.load(ordering: .acquiring)
        guard version != servingVersion else { return }
        servingVersion = version
        let serving = board.serving
        admission.update(serving.rules, version: version)
        waiting.revoke { admission.isStillAllowed($0.known, $0.route, token: $0.token, inputs: $0.inputs) }
        cache.update(serving.cells)
        isAudited = ledger.audit.isOn
    }

    package func end() { audit.end() }

    package func refuse(_ fault: MessageFault) -> Response { refused(Problem(fault)) }

    package func respond(
        to head: borrowing RequestHead, bytes: Span<UInt8>, body: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer
    ) -> Reply {
        do throws(Problem) {
            try admission.screen(head, bytes, on: connection)
            if let reply = sendRendered(head, bytes, on: connection, into: &output) { return reply }
            return try route(head, bytes, body, on: connection)
        } catch {
            return .response(refused(error))
        }
    }

    private func refused(_ problem: Problem) -> Response {
        ledger.record(problem.kind)
        return problem.response(requestID: requestIDs.next())
    }

    // MARK: The fast path

    /// Answers a plain request for a current token from its rendered bytes; nil where the request needs more.
    private func sendRendered(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer
    ) -> Reply? {
        guard head.method == .get, head.query == nil, let place = cache.place(head.path, bytes), isPlain(head, bytes) else {
            return sendShaped(head, bytes, on: connection, into: &output)
        }
        guard let answer = cache.answer(place) else { return nil }
        let known = admission.caller(head, bytes, on: connection)
        do throws(Problem) {
            try admission.decide(head, bytes, tokenRoute, about: .place(place), by: known, on: connection)
        } catch {
            // Refused by the same steps as a name that does not exist, so that the time does not tell them apart.
            return (try? route(head, bytes, bytes.extracting(0..<0), on: connection, decided: (known, error))) ?? .response(refused(error))
        }
        cache.send(answer, of: place, closes: !head.keepsAlive, into: &output)
        if isAudited, let known { audit.recordServed(answer, to: known.audited) }
        return .written
    }

    /// Answers another request for a current token from rendered bytes; nil where it needs more.
    private func sendShaped(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer
    ) -> Reply? {
        guard head.method == .get || head.method == .head else { return nil }
        var (place, route) = (cache.place(head.path, bytes), tokenRoute)
        let isHeaders = place == nil
        if isHeaders { (place, route) = (cache.placeOfHeaders(head.path, bytes), headersRoute) }
        guard let place, let shape = ShapedRequest(head, bytes, isHeaders: isHeaders, accepts) else { return nil }
        let known = admission.caller(head, bytes, on: connection)
        // Query and conditions of a proxy's request are its visitor's.
        if known?.asksForVisitor(on: route) ?? false { return nil }
        guard var answer = cache.answer(place, as: shape.form), shape.minValid == 0 || cache.hasMore(answer, than: shape.minValid) else { return nil }
        var form = shape.form
        if shape.names(answer.fingerprint, bytes) {
            guard let unchanged = cache.answer(place, as: .notModified) else { return nil }
            (answer, form) = (unchanged, .notModified)
        }
        do throws(Problem) {
            try admission.decide(head, bytes, route, about: .place(place), by: known, on: connection)
        } catch {
            return (try? self.route(head, bytes, bytes.extracting(0..<0), on: connection, decided: (known, error))) ?? .response(refused(error))
        }
        cache.send(answer, of: place, as: form, route.endpoint, closes: !head.keepsAlive, omitsBody: head.method == .head, into: &output)
        if isAudited, form != .notModified, let known { audit.recordServed(answer, to: known.audited) }
        return .written
    }

    /// Whether the request has no condition and accepts JSON.
    private func isPlain(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Bool {
        guard !head.has(.ifNoneMatch), !head.has(.ifMatch) else { return false }
        guard let accept = head.value(of: .accept) else { return true }
        return bytes.matches(accept, lowercase: "*/*") || bytes.matches(accept, lowercase: "application/json")
    }

    // MARK: Routing

    /// - Parameter decided: the caller and the refusal, where admission has been asked already.
    private func route(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ body: Span<UInt8>, on connection: Connection,
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
