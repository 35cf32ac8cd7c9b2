package import Broker
import Configuration
import Contract
import JSON
import LocalHTTP
package import Observability
import Providers
package import Store
package import Time
import Tokens

/// The REST API over a broker, without a socket: an exchange in, a response out.
package struct BrokerAPI: Sendable {
    package let broker: TokenBroker
    package let board: ServingBoard
    package let clocks: any Clocks
    package let metrics: Metrics
    /// Nil where tokens are kept in memory.
    package let store: StoreWriter?
    /// How the whole daemon is; nil where nobody tells.
    package let summary: (@Sendable () -> ServiceSummary)?
    /// Reads the configuration anew.
    package let reload: @concurrent @Sendable () async -> ReloadOutcome

    package init(
        broker: TokenBroker, board: ServingBoard, clocks: any Clocks, metrics: Metrics, store: StoreWriter? = nil,
        summary: (@Sendable () -> ServiceSummary)? = nil, reload: @escaping @concurrent @Sendable () async -> ReloadOutcome
    ) {
        self.broker = broker
        self.board = board
        self.clocks = clocks
        self.metrics = metrics
        self.store = store
        self.summary = summary
        self.reload = reload
    }

    package func answer(_ exchange: Exchange) async -> Outcome {
        do throws(Problem) {
            switch exchange.route.endpoint {
            case .listTokens: return Outcome(await listTokens(exchange))
            case .token: return try await token(exchange)
            case .tokenHeaders: return try await tokenHeaders(exchange)
            case .tokenStatus: return Outcome(try await tokenStatus(exchange))
            case .tokenHistory: return Outcome(try await tokenHistory(exchange))
            case .refreshToken: return Outcome(try await refreshToken(exchange))
            case .reportRejection: return Outcome(try await reportRejection(exchange))
            case .callAction: return Outcome(try await callAction(exchange))
            case .reload: return Outcome(try await reloadConfiguration())
            case .ready: return Outcome(try readiness(exchange))
            case .readyToken: return Outcome(try await readiness(of: exchange))
            case .metrics: return Outcome(metrics.page(await broker.statuses()))
            case .live, .problemText: return exchange.immediateOutcome ?? Outcome(Response(status: 500))
            }
        } catch {
            return Outcome(error, requestID: exchange.requestID)
        }
    }

    func json(_ status: Int = 200, _ write: (inout JSONWriter) -> Void) -> Response {
        var writer = JSONWriter()
        write(&writer)
        return Response(status: status, fields: CommonFields.all + [("Content-Type", "application/json")], body: writer.bytes)
    }

    /// The keeper an exchange is about, with its per-request inputs checked.
    func keeper(_ exchange: Exchange) async throws(Problem) -> TokenKeeper {
        guard let configuration = await broker.configuration(of: exchange.token) else {
            throw Problem.forbidden
        }
        let wanted = configuration.perRequest
        for name in exchange.perRequest.keys.sorted() where !wanted.contains(where: { $0.name == name }) {
            throw Problem(.invalidParameter, "\(name) is not a parameter of this resource", token: exchange.token)
        }
        for input in wanted {
            guard let value = exchange.perRequest[input.name] else {
                throw Problem(
                    .invalidParameter, "\(input.name) is missing: this token is made for each request's \(input.name)", token: exchange.token)
            }
            guard value.utf8.count <= 1024, InputRule.matches(value, input.pattern) else {
                throw Problem(.invalidParameter, "\(input.name) must match \(input.pattern)", token: exchange.token)
            }
        }
        do throws(TokenRefusal) {
            guard let keeper = try await broker.keeper(exchange.token, perRequest: exchange.perRequest) else {
                throw TokenRefusal(.stopping)
            }
            return keeper
        } catch {
            throw Problem(error, token: exchange.token)
        }
    }
}

/// What became of a reload.
package enum ReloadOutcome: Sendable {
    case done(warnings: [String])
    /// Nothing was changed.
    case refused(faults: [String])
    case stopping
}
