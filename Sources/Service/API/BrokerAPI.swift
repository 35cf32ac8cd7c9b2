import Admission
package import Broker
import Configuration
import Contract
import JSON
import LocalHTTP
package import Observability
import Providers
package import Store
import Text
package import Time
import Tokens

/// The REST API of a broker, without a socket: a request in, a response out.
package struct BrokerAPI: Sendable {
    package let broker: TokenBroker
    package let board: ServingBoard
    package let clocks: any Clocks
    package let metrics: Metrics
    /// Nil where tokens are kept in memory.
    package let store: StoreWriter?
    let storePlace: StorePlace
    /// The configuration's file, for those who operate the daemon.
    let configurationPath: String?
    /// The state of the whole daemon; nil where it is not available.
    package let summary: (@Sendable () -> ServiceSummary)?
    /// Reloads the configuration.
    package let reload: @concurrent @Sendable () async -> ReloadOutcome

    package init(
        broker: TokenBroker, board: ServingBoard, clocks: any Clocks, metrics: Metrics, store: StoreWriter? = nil,
        storePlace: StorePlace = StorePlace(.memory), configurationPath: String? = nil,
        summary: (@Sendable () -> ServiceSummary)? = nil, reload: @escaping @concurrent @Sendable () async -> ReloadOutcome
    ) {
        self.broker = broker
        self.board = board
        self.clocks = clocks
        self.metrics = metrics
        self.store = store
        self.storePlace = storePlace
        self.configurationPath = configurationPath
        self.summary = summary
        self.reload = reload
    }

    /// An answer that is known at once, or the work that produces it.
    package enum Answer {
        case now(Outcome)
        case later(@concurrent @Sendable () async -> Outcome)
    }

    /// The answer to an admitted request.
    package func answer(_ request: APIRequest) -> Answer {
        switch request.route.endpoint {
        case .live: .now(alive)
        case .problemText: .now(problemText(request))
        case .description: later(request) { Outcome(description) }
        case .page: later(request) { Outcome(StatusPage.response) }
        case .overview: later(request) { Outcome(await overview(request)) }
        case .oauth2Metadata: .now(oauth2Metadata(request))
        case .oauth2Token: later(request) { () throws(Problem) in try await oauth2Token(request) }
        case .listTokens: later(request) { Outcome(await listTokens(request)) }
        case .token: later(request) { () throws(Problem) in try await token(request) }
        case .tokenHeaders: later(request) { () throws(Problem) in try await tokenHeaders(request) }
        case .tokenStatus: later(request) { () throws(Problem) in Outcome(try await tokenStatus(request)) }
        case .tokenHistory: later(request) { () throws(Problem) in Outcome(try await tokenHistory(request)) }
        case .refreshToken: later(request) { () throws(Problem) in Outcome(try await refreshToken(request)) }
        case .reportRejection: later(request) { () throws(Problem) in Outcome(try await reportRejection(request)) }
        case .callAction: later(request) { () throws(Problem) in Outcome(try await callAction(request)) }
        case .pauseToken: later(request) { () throws(Problem) in Outcome(try await pauseToken(request)) }
        case .resumeToken: later(request) { () throws(Problem) in Outcome(try await resumeToken(request)) }
        case .revokeToken: later(request) { () throws(Problem) in Outcome(try await revokeToken(request)) }
        case .grantToken: later(request) { () throws(Problem) in Outcome(try await takeGrant(request)) }
        case .reload: later(request) { () throws(Problem) in Outcome(try await reloadConfiguration()) }
        case .ready: later(request) { () throws(Problem) in Outcome(try readiness(request)) }
        case .readyToken: later(request) { () throws(Problem) in Outcome(try await readiness(of: request)) }
        case .metrics: later(request) { Outcome(metrics.page(await broker.statuses(), request.wantsOpenMetrics ? .openMetrics : .prometheus)) }
        }
    }

    private func later(_ request: APIRequest, _ work: @escaping @concurrent @Sendable () async throws(Problem) -> Outcome) -> Answer {
        .later {
            do throws(Problem) {
                return request.takesGzip ? Self.compressed(try await work()) : try await work()
            } catch {
                return Outcome(error, requestID: request.requestID, of: request.route.endpoint)
            }
        }
    }

    private static func compressed(_ outcome: Outcome) -> Outcome {
        guard outcome.response.body.count > Compression.least, let body = Compression.gzip(outcome.response.body) else { return outcome }
        var outcome = outcome
        outcome.response.body = body
        outcome.response.fields.append(("Content-Encoding", "gzip"))
        return outcome
    }

    private var alive: Outcome {
        Outcome(Response(status: 200, fields: CommonFields.all + [("Content-Type", "text/plain")], body: Array("alive\n".utf8)))
    }

    /// The API's description.
    private var description: Response {
        varying { $0.write(OpenAPIDocument.document(version: metrics.version)) }
    }

    private func problemText(_ request: APIRequest) -> Outcome {
        guard let kind = ProblemKind(rawValue: request.parameters["slug"] ?? "") else {
            return Outcome(Problem(.notFound, "there is no such problem"), requestID: request.requestID)
        }
        let text = "\(kind.title) (\(kind.status))\n\n\(kind.help)\n"
        return Outcome(Response(status: 200, fields: CommonFields.all + [("Content-Type", "text/plain; charset=utf-8")], body: Array(text.utf8)))
    }

    func json(_ status: Int = 200, _ write: (inout JSONWriter) -> Void) -> Response {
        var writer = JSONWriter()
        write(&writer)
        return Response(status: status, fields: CommonFields.all + [("Content-Type", "application/json")], body: writer.bytes)
    }

    /// The problem of a token that does not exist. Only a caller who administers tokens of that name, too, is told which exist.
    func unknownToken(_ request: APIRequest) async -> Problem {
        guard let caller = request.caller, request.policy.allows(caller, .admin, token: request.token) else { return .forbidden }
        let hint = Suggestion.text(for: request.token, among: await broker.names, "tokens")
        return Problem(.forbidden, "there is no token \(request.token)\(hint)")
    }

    /// The cell of the request's combination of per-request inputs; nil where nobody has asked for it before.
    func combination(of request: APIRequest) -> TokenCell? {
        if request.perRequest.isEmpty { return nil }
        return broker.board.combinations(of: request.token)?.cell(RecordName(request.token, request.perRequest))
    }

    /// The keeper of the requested token, after the per-request inputs are checked.
    func keeper(_ request: APIRequest) async throws(Problem) -> TokenKeeper {
        guard let configuration = await broker.configuration(of: request.token) else { throw await unknownToken(request) }
        let wanted = configuration.perRequest
        for name in request.perRequest.keys.sorted() where !wanted.contains(where: { $0.name == name }) {
            throw Problem(.invalidParameter, "\(name) is not a parameter of this resource", token: request.token)
        }
        for input in wanted {
            guard let value = request.perRequest[input.name] else {
                throw Problem(
                    .invalidParameter, "\(input.name) is missing: this token depends on each request's \(input.name)", token: request.token)
            }
            guard value.utf8.count <= 1024 else { throw Problem(.invalidParameter, "\(input.name) is longer than 1024 bytes", token: request.token) }
            if let problem = InputRule.problem(with: value, named: input.name, pattern: input.pattern) {
                throw Problem(.invalidParameter, problem, token: request.token)
            }
        }
        do throws(TokenRefusal) {
            let share = request.policy.share(of: configuration.combinations, token: request.token)
            let owner = CombinationOwner(name: request.caller.map(request.policy.name) ?? "", share: share)
            guard let keeper = try await broker.keeper(request.token, perRequest: request.perRequest, for: owner) else {
                throw TokenRefusal(.stopping)
            }
            return keeper
        } catch {
            throw Problem(error, token: request.token)
        }
    }
}
