import BrokerCore
package import LocalHTTP
import Synchronization

/// Answers requests on one event loop: tokens in hand from rendered bytes, everything else through `BrokerAPI`.
///
/// Order of every request: guard, route, browser rule, caller, policy (security.md, "Admission").
package final class BrokerHandler: RequestHandler {
    private let board: ServingBoard
    private let api: BrokerAPI
    private let jobs: JobQueue
    private let requestIDs: RequestIDs
    private var serving: Serving
    private var servingVersion: UInt64
    private var index: NameIndex
    private var answers: [RenderedAnswer?]
    /// Which tokens a caller may read, by place; made once for each set of rights.
    private var grants: [Caller.Rights: [Bool]] = [:]
    private var diagnosis: SocketDiagnosis?
    private var time = LoopTime()
    private var date = HTTPDate()

    private static let tokensPath = Array("/v1/tokens/".utf8)
    private static let bearer = Array("bearer ".utf8)

    package init(board: ServingBoard, api: BrokerAPI, jobs: JobQueue, requestIDs: RequestIDs) {
        self.board = board
        self.api = api
        self.jobs = jobs
        self.requestIDs = requestIDs
        servingVersion = board.version.load(ordering: .acquiring)
        serving = board.serving
        index = NameIndex(serving.cells.map { Array($0.name.utf8) })
        answers = Array(repeating: nil, count: serving.cells.count)
        diagnosis = SocketDiagnosis()
    }

    package func accept(_ peer: Peer) -> AnyObject? {
        let identity = peer.transport == .unix ? PeerIdentity.ofUnixPeer(peer.descriptor) : diagnosis?.peer(of: peer.descriptor)
        return CallerContext(identity: identity, transport: peer.transport)
    }

    package func begin(_ time: LoopTime) {
        self.time = time
        date.update(wallNanoseconds: time.wall)
        let version = board.version.load(ordering: .acquiring)
        guard version != servingVersion else { return }
        servingVersion = version
        serving = board.serving
        index = NameIndex(serving.cells.map { Array($0.name.utf8) })
        answers = Array(repeating: nil, count: serving.cells.count)
        grants = [:]
    }

    package func refuse(_ fault: MessageFault) -> Response {
        Problem(fault).response(requestID: requestIDs.next())
    }

    package func respond(
        to head: borrowing RequestHead, bytes: Span<UInt8>, body: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer
    ) -> Reply {
        do throws(Problem) {
            if let problem = serving.requestGuard.problem(head, bytes, transport: connection.peer.transport) { throw problem }
            if try sendRendered(head, bytes, on: connection, into: &output) { return .written }
            return try route(head, bytes, body, on: connection)
        } catch {
            return .response(error.response(requestID: requestIDs.next()))
        }
    }

    // MARK: The fast path

    /// Sends the rendered answer of a token in hand; false where the request needs more than that.
    private func sendRendered(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer
    ) throws(Problem) -> Bool {
        guard head.method == .get, head.query == nil, let place = place(head.path, bytes), isPlain(head, bytes) else { return false }
        if let problem = serving.requestGuard.browserProblem(head, bytes, servesToken: true) { throw problem }
        guard let caller = caller(head, bytes, on: connection), mayRead(caller, place) else { return false }
        guard isCurrent(place), let isServable = answers[place]?.isServable(at: time), isServable else { return false }
        serving.cells[place].lastAsked.store(time.boot / 1_000_000_000, ordering: .relaxed)
        answers[place]?.patch(time, date: date.bytes)
        answers[place]?.send(into: &output, closes: !head.keepsAlive)
        return true
    }

    /// The token a path names, where it is `/v1/tokens/NAME` as it stands.
    private func place(_ path: Range<Int>, _ bytes: Span<UInt8>) -> Int? {
        let prefix = Self.tokensPath.span
        guard path.count > prefix.count else { return nil }
        for offset in 0..<prefix.count where bytes[path.lowerBound + offset] != prefix[offset] { return nil }
        return index.find(path.lowerBound + prefix.count..<path.upperBound, of: bytes)
    }

    /// No condition, and JSON is welcome.
    private func isPlain(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Bool {
        guard !head.has(.ifNoneMatch) else { return false }
        guard let accept = head.value(of: .accept) else { return true }
        return bytes.matches(accept, lowercase: "*/*") || bytes.matches(accept, lowercase: "application/json")
    }

    private func mayRead(_ caller: Caller, _ place: Int) -> Bool {
        if let known = grants[caller.rights] { return known[place] }
        let all = serving.cells.map { serving.policy.allows(caller, .read, token: $0.name) }
        grants[caller.rights] = all
        return all[place]
    }

    /// Makes the rendered answer what the cell last published; false where there is no token.
    private func isCurrent(_ place: Int) -> Bool {
        let cell = serving.cells[place]
        let version = cell.version.load(ordering: .acquiring)
        if let answer = answers[place], answer.version == version, answer.isServable(at: time) { return true }
        guard let snapshot = cell.current else { return false }
        answers[place] = RenderedAnswer(snapshot, version: version, time: time)
        return true
    }

    // MARK: Callers

    /// The key counts on every request; the same bytes again on the same connection skip the hash.
    private func caller(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection) -> Caller? {
        guard let context = connection.context as? CallerContext else { return nil }
        if context.rulesVersion != servingVersion {
            context.rulesVersion = servingVersion
            context.acceptedHeader = []
            context.acceptedCaller = nil
            context.keylessCaller = serving.identifier.caller(identity: context.identity, transport: context.transport, key: nil)
        }
        guard let field = head.value(of: .authorization) else { return context.keylessCaller }
        if let known = context.acceptedCaller, isSame(context.acceptedHeader, field, bytes) { return known }
        let value = field.map { bytes[$0] }
        guard value.count > 7, value[..<7].map(\.asciiLowercased) == Self.bearer else { return nil }
        let key = Array(value[7...].drop { $0 == 0x20 })
        guard let caller = serving.identifier.caller(identity: context.identity, transport: context.transport, key: key) else { return nil }
        context.acceptedHeader = value
        context.acceptedCaller = caller
        return caller
    }

    /// Compares in a time that depends on the lengths alone.
    private func isSame(_ known: [UInt8], _ field: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
        guard known.count == field.count else { return false }
        let known = known.span
        var difference: UInt8 = 0
        for offset in 0..<known.count { difference |= known[offset] ^ bytes[field.lowerBound + offset] }
        return difference == 0
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
            if let problem = serving.requestGuard.browserProblem(head, bytes, servesToken: route.servesToken) { throw problem }
            let caller = caller(head, bytes, on: connection)
            let exchange = try Exchange(
                route: route, parameters: parameters, query: target.query, head: head, bytes: bytes, body: body, caller: caller,
                requestID: requestIDs.next())
            try authorize(exchange)
            if let response = exchange.immediateResponse { return .response(response) }
            let ticket = connection.ticket()
            let api = api
            jobs.submit { ticket.deliver(await api.answer(exchange)) }
            return .later
        }
    }

    private func allowing(_ methods: String) -> Problem {
        var problem = Problem(.methodNotAllowed, "this resource has other methods")
        problem.fields = [("Allow", methods)]
        return problem
    }

    private func authorize(_ exchange: Exchange) throws(Problem) {
        guard exchange.route.permission != .open, exchange.route.permission != .known(strangersToo: true) else { return }
        guard let caller = exchange.caller else { throw Problem(.unauthenticated, "this caller is not known") }
        let (permission, token): (ClientConfiguration.Permission, String?) =
            switch exchange.route.permission {
            case .open, .known: (.read, nil)
            case .read: (.read, exchange.token)
            case .refresh: (.refresh, exchange.token)
            case .admin: (.admin, exchange.parameters["token"])
            }
        guard serving.policy.allows(caller, permission, token: token, inputs: exchange.perRequest) else {
            throw Problem(.forbidden, "this is not allowed to this caller, or there is no such token")
        }
    }
}
