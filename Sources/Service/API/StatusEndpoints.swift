import Admission
import Broker
import Configuration
import Contract
import JSON
import LocalHTTP
import Observability
import Store
import Synchronization
import Time
import Tokens

/// The list of tokens, status, history, readiness and reload.
extension BrokerAPI {
    /// The tokens this caller may use, never their values.
    func listTokens(_ request: APIRequest) async -> Response {
        let policy = request.policy
        let statuses = await broker.statuses().filter { status in
            request.caller.map { policy.allows($0, .read, token: status.name, inputs: status.inputs) } ?? false
        }
        return varying { writer in
            writer.beginObject()
            writer.name("tokens"); writer.beginArray()
            for status in statuses { StatusWriting.write(status, for: request.caller, under: policy, to: &writer) }
            writer.endArray()
            // Only for callers who may administer the daemon: the summary names every missing token.
            if let summary, let caller = request.caller, policy.allows(caller, .admin, token: nil) {
                writer.name("summary"); writer.string(summary().text)
            }
            writer.endObject()
        }
    }

    func tokenStatus(_ request: APIRequest) async throws(Problem) -> Response {
        let status = try await keeper(request).status()
        return json { StatusWriting.write(status, for: request.caller, under: request.policy, to: &$0) }
    }

    /// The names of required tokens that are not usable.
    var missingTokens: [String] {
        board.serving.cells.filter { $0.isRequired.load(ordering: .relaxed) && !$0.isUsable(at: clocks.boot) }.map(\.name)
    }

    /// 200 when every required token is usable. An unknown caller gets yes or no, a known caller the names as well.
    func readiness(_ request: APIRequest) throws(Problem) -> Response {
        let missing = missingTokens
        guard missing.isEmpty else {
            let names = request.caller == nil ? "" : ": \(missing.joined(separator: ", "))"
            throw Problem(.notReady, "a required token is not usable\(names)", retryAfter: .seconds(1))
        }
        let isStoreUsable = metrics.events.isStoreUsable.load(ordering: .relaxed)
        let text = "ready\n" + (isStoreUsable || request.caller == nil ? "" : "the store is unusable: tokens are kept only in memory\n")
        return Response(status: 200, fields: CommonFields.all + [("Content-Type", "text/plain")], body: Array(text.utf8))
    }

    /// JSON that may be compressed.
    func varying(_ write: (inout JSONWriter) -> Void) -> Response {
        var response = json(200, write)
        response.fields.append(("Vary", "Accept-Encoding"))
        return response
    }

    /// Past logins, newest first.
    func tokenHistory(_ request: APIRequest) async throws(Problem) -> Response {
        guard await broker.configuration(of: request.token) != nil else { throw await unknownToken(request) }
        guard let store else {
            throw Problem(.noHistory, "only an SQLite store keeps past logins, and there is none", token: request.token)
        }
        let attempts: [PastLogin]
        do throws(StoreFault) {
            attempts = try await store.history(of: request.token, limit: 1000)
        } catch {
            throw Problem(.noHistory, "the store cannot be read", token: request.token)
        }
        return varying { writer in
            writer.beginObject()
            writer.name("logins"); writer.beginArray()
            for attempt in attempts {
                writer.beginObject()
                writer.name("at"); writer.string(CalendarTime.rfc3339(attempt.at))
                writer.name("outcome"); writer.string(attempt.outcome)
                writer.name("took_ms"); writer.literal(String(attempt.took.nanoseconds / 1_000_000))
                if let status = attempt.status { writer.name("status"); writer.literal(String(status)) }
                if let reason = attempt.reason { writer.name("reason"); writer.string(reason) }
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }

    func readiness(of request: APIRequest) async throws(Problem) -> Response {
        guard try await keeper(request).cell.isUsable(at: clocks.boot) else {
            throw Problem(.notReady, "the token is not usable", token: request.token, retryAfter: .seconds(1))
        }
        let isSecured = metrics.events.unsecured.withLock { !$0.contains(request.token) }
        let text = "ready\n" + (isSecured ? "" : "its refresh token is kept only in memory: the store cannot be written\n")
        return Response(status: 200, fields: CommonFields.all + [("Content-Type", "text/plain")], body: Array(text.utf8))
    }

    func reloadConfiguration() async throws(Problem) -> Response {
        switch await reload() {
        case .done(let warnings):
            return json { writer in
                writer.beginObject()
                writer.name("reloaded"); writer.literal("true")
                writer.name("warnings"); writer.write(.array(warnings.map { .string($0) }))
                writer.endObject()
            }
        case .stopping: throw Problem(TokenRefusal(.stopping), token: "")
        case .refused(let faults):
            throw Problem(.reloadRefused, faults.joined(separator: "\n"))
        }
    }
}
