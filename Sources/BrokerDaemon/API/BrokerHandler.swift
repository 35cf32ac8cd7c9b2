import BrokerCore
package import LocalHTTP
import Synchronization

/// Answers requests on one event loop: tokens in hand from rendered bytes, everything else through `BrokerAPI`.
///
/// Order of every request: guard, route, browser rule, caller, policy, limits (security.md, "Admission").
package final class BrokerHandler: RequestHandler {
    private let board: ServingBoard
    private let api: BrokerAPI
    private let jobs: JobQueue
    private let requestIDs: RequestIDs
    let ledger: RequestLedger
    let callers: CallerRegistry
    let shelf: AnswerShelf
    private(set) var serving: Serving
    private var servingVersion: UInt64
    private(set) var time = LoopTime()

    package init(board: ServingBoard, api: BrokerAPI, jobs: JobQueue, requestIDs: RequestIDs, ledger: RequestLedger) {
        self.board = board
        self.api = api
        self.jobs = jobs
        self.requestIDs = requestIDs
        self.ledger = ledger
        servingVersion = board.version.load(ordering: .acquiring)
        serving = board.serving
        callers = CallerRegistry(serving, version: servingVersion)
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
        callers.take(serving, version: version)
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
            let isForwarded = serving.requestGuard.isForwarded(head)
            if isForwarded, !isForwardAuth(head, bytes, on: connection) {
                throw Problem(.forwardedRequest, "the request carries Forwarded, X-Forwarded-*, X-Real-IP or Via")
            }
            if let problem = serving.requestGuard.hostProblem(head, bytes, transport: connection.peer.transport) { throw problem }
            if try sendRendered(head, bytes, on: connection, into: &output) { return .written }
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
    ) throws(Problem) -> Bool {
        guard head.method == .get, head.query == nil, let place = shelf.place(head.path, bytes), isPlain(head, bytes) else { return false }
        if let problem = serving.requestGuard.browserProblem(head, bytes, servesToken: true) { throw problem }
        guard let known = callers.caller(head, bytes, on: connection), known.standing.mayRead(place) else { return false }
        guard let answer = shelf.answer(place) else { return false }
        for use in known.standing.uses where use.takeRequest(at: time.boot) != nil { return false }
        shelf.send(answer, of: place, to: known, on: connection, closes: !head.keepsAlive, into: &output)
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
            let forwards = route.endpoint == .tokenHeaders && known?.standing.answersForwardAuth == true
            if !forwards, let problem = serving.requestGuard.browserProblem(head, bytes, servesToken: route.servesToken) { throw problem }
            let exchange = try Exchange(
                route: route, parameters: parameters, query: target.query, head: head, bytes: bytes, body: body, caller: known?.caller,
                requestID: requestIDs.next())
            return answer(exchange, known, hasKey: head.has(.authorization), on: connection)
        }
    }

    private func allowing(_ methods: String) -> Problem {
        var problem = Problem(.methodNotAllowed, "this resource has other methods")
        problem.fields = [("Allow", methods)]
        return problem
    }

    private func answer(_ exchange: Exchange, _ known: KnownCaller?, hasKey: Bool, on connection: Connection) -> Reply {
        let caller = AuditedCaller(name: known?.standing.name, identity: (connection.context as? CallerContext)?.identity)
        let (endpoint, token, requestID) = (exchange.route.endpoint, exchange.token, exchange.requestID)
        func now(_ outcome: Outcome) -> Reply {
            ledger.record(outcome, endpoint: endpoint, token: token, requestID: requestID, caller: caller)
            return .response(outcome.response)
        }
        do throws(Problem) {
            try authorize(exchange, known, hasKey: hasKey, on: connection)
            if let response = exchange.immediateResponse { return now(Outcome(response)) }
            let uses = try enter(known)
            let (ticket, api, ledger) = (connection.ticket(), api, ledger)
            let isTaken = jobs.submit(limit: serving.bounds.waiting) {
                let outcome = await api.answer(exchange)
                for use in uses { use.leave() }
                ledger.record(outcome, endpoint: endpoint, token: token, requestID: requestID, caller: caller)
                ticket.deliver(outcome.response)
            }
            if isTaken { return .later }
            for use in uses { use.leave() }
            throw Problem(.tooManyRequests, "as many requests are waiting as the limits allow", retryAfter: .seconds(1))
        } catch {
            return now(Outcome(error, requestID: requestID))
        }
    }

    private func authorize(_ exchange: Exchange, _ known: KnownCaller?, hasKey: Bool, on connection: Connection) throws(Problem) {
        switch exchange.route.permission {
        case .open, .known(strangersToo: true): return
        case .metrics where serving.hasOpenMetrics: return
        default: break
        }
        guard let known else { throw callers.refusal(hasKey: hasKey, on: connection, at: time.boot) }
        let (permission, token): (ClientConfiguration.Permission, String?) =
            switch exchange.route.permission {
            case .open, .known, .metrics: (.read, nil)
            case .read: (.read, exchange.token)
            case .refresh: (.refresh, exchange.token)
            case .admin: (.admin, exchange.parameters["token"])
            }
        guard serving.policy.allows(known.caller, permission, token: token, inputs: exchange.perRequest) else {
            throw Problem(.forbidden, "this is not allowed to this caller, or there is no such token")
        }
    }

    /// Takes a request, and a place among those in flight, from each limited client the caller is.
    private func enter(_ known: KnownCaller?) throws(Problem) -> [ClientUse] {
        var entered: [ClientUse] = []
        for use in known?.standing.uses ?? [] {
            var problem: Problem?
            if let pause = use.takeRequest(at: time.boot) {
                problem = Problem(.tooManyRequests, "this client's rate of requests is used up", retryAfter: pause)
            } else if !use.enter() {
                problem = Problem(.tooManyRequests, "as many requests of this client are being answered as it may have", retryAfter: .seconds(1))
            }
            if let problem {
                for use in entered { use.leave() }
                throw problem
            }
            entered.append(use)
        }
        return entered
    }

    /// Whether a forwarded request is a reverse proxy's own question whether it may pass one on.
    private func isForwardAuth(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection) -> Bool {
        guard head.method == .get || head.method == .head, bytes.hasSuffix(head.path, "/headers") else { return false }
        return callers.caller(head, bytes, on: connection)?.standing.answersForwardAuth == true
    }
}

extension Span<UInt8> {
    func hasSuffix(_ range: Range<Int>, _ text: StaticString) -> Bool {
        range.count >= text.utf8CodeUnitCount && matches(range.upperBound - text.utf8CodeUnitCount..<range.upperBound, lowercase: text)
    }
}
