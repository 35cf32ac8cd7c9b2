package import Contract
package import LocalHTTP
import Synchronization

/// Counts requests and connections.
package final class RequestMetrics: Sendable {
    /// The statuses of this daemon's responses; any other status counts as 500.
    private static let statuses = Set(ProblemKind.allCases.map(\.status) + [200, 304, 500]).sorted()
    private static let places: [UInt8] = {
        var places = [UInt8](repeating: UInt8(statuses.firstIndex(of: 500) ?? 0), count: 600)
        for (place, status) in statuses.enumerated() { places[status] = UInt8(place) }
        return places
    }()

    /// By endpoint, then status; the last row counts requests that were refused before they had an endpoint.
    private let answers: [[Counter]]
    private let refusals: [ProblemKind: Counter]
    private let ends: [Counter]
    private let served = Mutex<[String: Counter]>([:])
    private let callers = Mutex<[String: CallerCount]>([:])
    package let accepted = Counter()

    package init() {
        answers = (0...Endpoint.allCases.count).map { _ in Self.statuses.map { _ in Counter() } }
        refusals = Dictionary(uniqueKeysWithValues: ProblemKind.allCases.map { ($0, Counter()) })
        ends = ConnectionEnd.allCases.map { _ in Counter() }
    }

    func answered(_ endpoint: Endpoint?, status: Int) { counter(endpoint, status: status).add() }

    /// The counter of an endpoint's responses with a status.
    package func counter(_ endpoint: Endpoint?, status: Int) -> Counter {
        answers[endpoint?.place ?? Endpoint.allCases.count][Int(Self.places[min(status, 599)])]
    }

    func refused(_ kind: ProblemKind) { refusals[kind]?.add() }

    package func ended(_ end: ConnectionEnd) { ends[end.rawValue].add() }

    /// The counter of the times a token was served.
    package func served(_ token: String) -> Counter {
        served.withLock { served in
            let counter = served[token] ?? Counter()
            served[token] = counter
            return counter
        }
    }

    /// The counts of a caller; nil: of unknown callers.
    package func caller(_ name: String?) -> CallerCount {
        let name = name ?? "-"
        return callers.withLock { callers in
            let count = callers[name] ?? CallerCount(name)
            callers[name] = count
            return count
        }
    }

    /// Every caller that was seen, by name.
    package var allCallers: [CallerCount] { callers.withLock { $0.values.sorted { $0.name < $1.name } } }

    /// Connections that are open.
    package var openConnections: UInt64 {
        // Read the ends first, so that connections closed meanwhile do not make the difference negative.
        let ended = ends.reduce(0) { $0 + $1.value }
        let all = accepted.value
        return all > ended ? all - ended : 0
    }

    /// Forgets tokens that are no longer configured.
    package func keepTokens(_ names: Set<String>) {
        served.withLock { $0 = $0.filter { names.contains($0.key) } }
    }

    func write(to text: inout MetricsText) {
        text.family("tokenbroker_requests", .counter, "Requests answered, by endpoint and status.")
        for (place, row) in answers.enumerated() {
            let endpoint = place < Endpoint.allCases.count ? Endpoint.allCases[place].rawValue : "none"
            for (status, counter) in zip(Self.statuses, row) where counter.value > 0 {
                text.sample("_total", [("endpoint", endpoint), ("status", String(status))], counter.value)
            }
        }
        text.family("tokenbroker_problems", .counter, "Problems answered, by the slug of their type.")
        for kind in ProblemKind.allCases { text.sample("_total", [("type", kind.rawValue)], refusals[kind]?.value ?? 0) }
        text.family("tokenbroker_tokens_served", .counter, "Times a token was served.")
        for (name, counter) in served.withLock({ $0 }).sorted(by: { $0.key < $1.key }) { text.sample("_total", [("token", name)], counter.value) }
        text.family("tokenbroker_caller_requests", .counter, "Requests by caller: admitted or refused; caller - is anybody unknown.")
        for caller in allCallers {
            text.sample("_total", [("caller", caller.name), ("outcome", "admitted")], caller.requests.value)
            text.sample("_total", [("caller", caller.name), ("outcome", "refused")], caller.refused.value)
        }
        text.family("tokenbroker_connections_accepted", .counter, "Connections accepted.")
        text.sample("_total", [], accepted.value)
        text.family("tokenbroker_connections_closed", .counter, "Connections closed, by reason.")
        for end in ConnectionEnd.allCases { text.sample("_total", [("reason", "\(end)")], ends[end.rawValue].value) }
        text.family("tokenbroker_connections", .gauge, "Open connections.")
        text.sample("", [], openConnections)
    }
}

extension Endpoint {
    /// Its index among all endpoints.
    var place: Int { Self.places[self] ?? 0 }

    private static let places = Dictionary(uniqueKeysWithValues: Endpoint.allCases.enumerated().map { ($1, $0) })
}
