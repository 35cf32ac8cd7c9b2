import Admission
import Configuration
import Contract
package import LocalHTTP
package import Observability
import Synchronization

/// Answers requests on one event loop: tokens in hand from rendered bytes, everything else through `BrokerAPI`.
///
/// Order of every request: guard, route, caller, browser rule, rate, policy, place in flight (security.md, "Admission").
package final class BrokerHandler: RequestHandler {
    private let board: ServingBoard
    private let api: BrokerAPI
    private let jobs: JobQueue
    private let requestIDs: RequestIDs
    private let ledger: RequestLedger
    private let callers: CallerRegistry
    private let shelf: AnswerShelf
    private var serving: Serving
    private var servingVersion: UInt64
    private var time = LoopTime()

    package init(board: ServingBoard, api: BrokerAPI, jobs: JobQueue, requestIDs: RequestIDs, ledger: RequestLedger) {
        self.board = board
        self.api = api
        self.jobs = jobs
        self.requestIDs = requestIDs
        self.ledger = ledger
        servingVersion = board.version.load(ordering: .acquiring)
        serving = board.serving
        callers = CallerRegistry(serving.rules, version: servingVersion)
        shelf = AnswerShelf(ledger, requestIDs)
        shelf.take(serving)
    }

    package func accept(_ peer: Peer) -> Admittance {
        ledger.metrics.accepted.add()
        return callers.admit(peer)
    }

    package func ended(_ connection: Connection, _ end: ConnectionEnd) {
        ledger.metrics.ended(end)
    }

    package func begin(_ time: LoopTime) {
        self.time = time
        shelf.begin(time)
        let version = board.version.load(ordering: .acquiring)
        guard version != servingVersion else { return }
        servingVersion = version
        serving = board.serving
        callers.take(serving.rules, version: version)
        shelf.take(serving)
    }

    package func end() {
        shelf.end()
    }

    package func refuse(_ fault: MessageFault) -> Response {
        refused(Problem(fault))
    }

    package func respond(
        to head: borrowing RequestHead, bytes: Span<UInt8>, body: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer
    ) -> Reply {
        do throws(Problem) {
            let isForwarded = serving.rules.requestGuard.isForwarded(head)
            if isForwarded, !isForwardAuth(head, bytes, on: connection) {
                throw Problem(.forwardedRequest, "the request carries Forwarded, X-Forwarded-*, X-Real-IP or Via")
            }
            if let problem = serving.rules.requestGuard.hostProblem(head, bytes, transport: connection.peer.transport) { throw problem }
            if sendRendered(head, bytes, on: connection, into: &output) { return .written }
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

    /// Sends the rendered answer of a token in hand; false where the request needs more than that.
    private func sendRendered(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer
    ) -> Bool {
        guard head.method == .get, head.query == nil, let place = shelf.place(head.path, bytes), isPlain(head, bytes) else { return false }
        guard serving.rules.requestGuard.browserProblem(head, bytes, servesToken: true) == nil else { return false }
        guard let known = callers.caller(head, bytes, on: connection), known.standing.mayRead(place) else { return false }
        guard let answer = shelf.answer(place) else { return false }
        // Of several limited clients at once, the slow path takes from each.
        guard known.standing.uses.count <= 1, known.standing.uses.first?.takeRequest(at: time.boot) == nil else { return false }
        shelf.send(answer, of: place, to: known, closes: !head.keepsAlive, into: &output)
        return true
    }

    /// No condition, and JSON is welcome.
    private func isPlain(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Bool {
        guard !head.has(.ifNoneMatch) else { return false }
        guard let accept = head.value(of: .accept) else { return true }
        return bytes.matches(accept, lowercase: "*/*") || bytes.matches(accept, lowercase: "application/json")
    }

    // MARK: Routing

    private func route(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ body: Span<UInt8>, on connection: Connection) throws(Problem) -> Reply {
        let target = try RequestTarget(head, bytes)
        let method = head.method == .other || head.form == .asterisk ? "" : head.method.rawValue
        switch RouteTable.match(method: method, segments: target.segments) {
        case .none:
            if head.form == .asterisk { throw allowing("GET, HEAD, POST") }
            throw Problem(.notFound, "there is no such path")
        case .otherMethod(let allow):
            throw allowing(allow)
        case .route(let route, let parameters):
            let known = callers.caller(head, bytes, on: connection)
            let request = RoutedRequest(
                endpoint: route.endpoint, token: parameters["token"] ?? "", requestID: requestIDs.next(),
                caller: known?.audited ?? AuditedCaller(name: nil, identity: (connection.context as? CallerContext)?.identity))
            do throws(Problem) {
                let forwards = route.endpoint == .tokenHeaders && known?.standing.answersForwardAuth == true
                if !forwards, let problem = serving.rules.requestGuard.browserProblem(head, bytes, servesToken: route.servesToken) { throw problem }
                let exchange = try Exchange(
                    route: route, parameters: parameters, query: target.query, head: head, bytes: bytes, body: body, caller: known?.caller,
                    requestID: request.requestID)
                return try answer(exchange, request, known, hasKey: head.has(.authorization), on: connection)
            } catch {
                return finish(request, Outcome(error, requestID: request.requestID))
            }
        }
    }

    /// Answers now, and writes it down.
    private func finish(_ request: RoutedRequest, _ outcome: Outcome) -> Reply {
        let isThrottled = outcome.problem == .tooManyRequests
        if isThrottled { shelf.noteThrottled(request.caller) }
        ledger.record(outcome, request, isAudited: !isThrottled)
        return .response(outcome.response)
    }

    private func allowing(_ methods: String) -> Problem {
        var problem = Problem(.methodNotAllowed, "this resource has other methods")
        problem.fields = [("Allow", methods)]
        return problem
    }

    private func answer(
        _ exchange: Exchange, _ request: RoutedRequest, _ known: KnownCaller?, hasKey: Bool, on connection: Connection
    ) throws(Problem) -> Reply {
        // What is open to strangers is to clients too, whatever they have used up.
        for use in exchange.route.isOpen ? [] : known?.standing.uses ?? [] {
            if let pause = use.takeRequest(at: time.boot) {
                throw Problem(.tooManyRequests, "this client's rate of requests is used up", retryAfter: pause)
            }
        }
        try authorize(exchange, known, hasKey: hasKey, on: connection)
        if let outcome = exchange.immediateOutcome { return finish(request, outcome) }
        let uses = try enter(known)
        let (ticket, api, ledger) = (connection.ticket(), api, ledger)
        let isTaken = jobs.submit(limit: serving.rules.bounds.waiting) {
            let outcome = await api.answer(exchange)
            for use in uses { use.leave() }
            ledger.record(outcome, request)
            ticket.deliver(outcome.response)
        }
        if isTaken { return .later }
        for use in uses { use.leave() }
        throw Problem(.tooManyRequests, "as many requests are waiting as the limits allow", retryAfter: .seconds(1))
    }

    private func authorize(_ exchange: Exchange, _ known: KnownCaller?, hasKey: Bool, on connection: Connection) throws(Problem) {
        if exchange.route.isOpen || exchange.route.permission == .metrics && serving.rules.hasOpenMetrics { return }
        guard let known else { throw callers.refusal(hasKey: hasKey, on: connection, at: time.boot) }
        let (permission, token): (ClientConfiguration.Permission, String?) =
            switch exchange.route.permission {
            case .open, .known, .metrics: (.read, nil)
            case .read: (.read, exchange.token)
            case .refresh: (.refresh, exchange.token)
            case .admin: (.admin, exchange.parameters["token"])
            }
        guard serving.rules.policy.allows(known.caller, permission, token: token, inputs: exchange.perRequest) else {
            throw Problem.forbidden
        }
    }

    /// Takes a place among the requests in flight of each limited client the caller is.
    private func enter(_ known: KnownCaller?) throws(Problem) -> [ClientUse] {
        var entered: [ClientUse] = []
        for use in known?.standing.uses ?? [] {
            guard use.enter() else {
                for use in entered { use.leave() }
                throw Problem(.tooManyRequests, "as many requests of this client are being answered as it may have", retryAfter: .seconds(1))
            }
            entered.append(use)
        }
        return entered
    }

    /// Whether a forwarded request is a reverse proxy's own question whether it may pass one on.
    private func isForwardAuth(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection) -> Bool {
        guard head.method == .get || head.method == .head, bytes.isHeadersPath(head.path) else { return false }
        return callers.caller(head, bytes, on: connection)?.standing.answersForwardAuth == true
    }
}

extension Span<UInt8> {
    /// What stands behind `/v1/tokens/` in a path; nil in every other path.
    func behindTokens(_ path: Range<Int>) -> Range<Int>? {
        let start = path.lowerBound + 11
        guard path.count > 11, isExactly(path.lowerBound..<start, "/v1/tokens/") else { return nil }
        return start..<path.upperBound
    }

    /// `/v1/tokens/NAME/headers`, whatever the name.
    func isHeadersPath(_ path: Range<Int>) -> Bool {
        guard let rest = behindTokens(path), rest.count > 8 else { return false }
        let name = rest.dropLast(8)
        return isExactly(name.upperBound..<rest.upperBound, "/headers") && !name.contains { self[$0] == 0x2F }
    }
}
