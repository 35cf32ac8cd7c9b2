import Admission
import Broker
import Configuration
import Contract
import JSON
import LocalHTTP
import Observability
import Providers
import Synchronization
import Time
import Tokens

/// Where the daemon keeps its tokens, for those who operate it.
package struct StorePlace: Sendable {
    package enum Kind: String, Sendable { case memory, sqlite, etcd }

    package let kind: Kind
    /// The file, or etcd's addresses; nil: memory.
    package let place: String?
    /// This host's name in the fleet.
    package let host: String?

    package init(_ kind: Kind, place: String? = nil, host: String? = nil) {
        (self.kind, self.place, self.host) = (kind, place, host)
    }
}

/// All that an operator sees, in one answer: what the status page and the live table read.
extension BrokerAPI {
    /// The most tokens listed where the query has no `limit`.
    static let listedTokens = 500

    func overview(_ request: APIRequest) async -> Response {
        let policy = request.policy
        let statuses = await broker.statuses().filter { status in
            request.caller.map { policy.allows($0, .admin, token: status.name, inputs: status.inputs) } ?? false
        }
        let listed = statuses.sorted { ($0.state.urgency, $0.name) < ($1.state.urgency, $1.name) }.prefix(request.limit ?? Self.listedTokens)
        var actions: [String: [String]] = [:]
        for status in listed { actions[status.name] = await broker.configuration(of: status.name)?.provider.actions.map(\.name) }
        return varying { writer in
            writer.beginObject()
            writer.name("now"); writer.string(CalendarTime.rfc3339(clocks.wall))
            let current = summary?()
            writer.name("summary"); writer.string(current?.text ?? "")
            writer.name("ready"); writer.literal(missingTokens.isEmpty ? "true" : "false")
            writeBuild(to: &writer)
            writer.name("tokens"); writer.beginArray()
            for status in listed { write(status, actions: actions[status.name] ?? [], for: request, to: &writer) }
            writer.endArray()
            let states = Dictionary(grouping: statuses, by: \.state).map { ($0.rawValue, JSONValue.integer(Int64($1.count))) }
            writer.name("states"); writer.write(.object(Dictionary(states) { $1 }))
            writer.name("tokens_total"); writer.literal(String(statuses.count))
            writeLogins(to: &writer)
            writeCallers(to: &writer)
            writer.name("connections"); writer.literal(String(metrics.requests.openConnections))
            writeStore(to: &writer)
            writer.name("reload"); writer.beginObject()
            writer.name("successful"); writer.literal(current?.reloadFault == nil ? "true" : "false")
            if let fault = current?.reloadFault { writer.name("fault"); writer.string(fault) }
            if let configurationPath { writer.name("path"); writer.string(configurationPath) }
            if let at = metrics.events.lastReloadAt { writer.name("at"); writer.string(CalendarTime.rfc3339(at)) }
            writer.endObject()
            writer.endObject()
        }
    }

    private func write(_ status: TokenStatus, actions: [String], for request: APIRequest, to writer: inout JSONWriter) {
        let mayRefresh = request.caller.map { request.policy.allows($0, .refresh, token: status.name, inputs: status.inputs) } ?? false
        StatusWriting.write(status, for: request.caller, under: request.policy, to: &writer) { writer in
            writer.name("served"); writer.literal(String(metrics.requests.served(status.name).value))
            writer.name("may_refresh"); writer.literal(mayRefresh ? "true" : "false")
            if !actions.isEmpty { writer.name("actions"); writer.write(.array(actions.map { .string($0) })) }
        }
    }

    private func writeBuild(to writer: inout JSONWriter) {
        writer.name("build"); writer.beginObject()
        writer.name("version"); writer.string(metrics.version)
        writer.name("started_at"); writer.string(CalendarTime.rfc3339(metrics.started))
        writer.name("uptime"); writer.literal(String(max(0, (clocks.wall - metrics.started).wholeSeconds)))
        writer.endObject()
    }

    private func writeLogins(to writer: inout JSONWriter) {
        writer.name("logins"); writer.beginArray()
        for hour in metrics.hours.all {
            writer.beginObject()
            writer.name("at"); writer.string(CalendarTime.rfc3339(hour.at))
            writer.name("succeeded"); writer.literal(String(hour.succeeded))
            writer.name("failed"); writer.literal(String(hour.failed))
            writer.endObject()
        }
        writer.endArray()
    }

    private func writeCallers(to writer: inout JSONWriter) {
        writer.name("callers"); writer.beginArray()
        for caller in metrics.requests.allCallers {
            writer.beginObject()
            writer.name("name"); writer.string(caller.name)
            writer.name("requests"); writer.literal(String(caller.requests.value))
            writer.name("refused"); writer.literal(String(caller.refused.value))
            writer.endObject()
        }
        writer.endArray()
    }

    private func writeStore(to writer: inout JSONWriter) {
        writer.name("store"); writer.beginObject()
        writer.name("kind"); writer.string(storePlace.kind.rawValue)
        if let place = storePlace.place { writer.name("place"); writer.string(place) }
        if let host = storePlace.host { writer.name("host"); writer.string(host) }
        writer.name("usable"); writer.literal(metrics.events.isStoreUsable.load(ordering: .relaxed) ? "true" : "false")
        writer.endObject()
    }
}

extension TokenStatus.State {
    /// The order in which an operator wants to see them: 0 first.
    fileprivate var urgency: Int {
        switch self {
        case .latched: 0
        case .failing: 1
        case .revoked: 2
        case .paused: 3
        case .pending: 4
        case .stale: 5
        case .fresh: 6
        case .idle: 7
        }
    }
}
