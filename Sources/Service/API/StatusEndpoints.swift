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

/// Lists, status, readiness and reload.
extension BrokerAPI {
    /// The tokens this caller may use; never a token's value.
    func listTokens(_ request: APIRequest) async -> Response {
        let policy = board.serving.rules.policy
        let statuses = await broker.statuses().filter { status in
            request.caller.map { policy.allows($0, .read, token: status.name, inputs: status.inputs) } ?? false
        }
        return json { writer in
            writer.beginObject()
            writer.name("tokens"); writer.beginArray()
            for status in statuses { StatusWriting.write(status, for: request.caller, under: policy, to: &writer) }
            writer.endArray()
            // For those who may administer the daemon: it names every token that is missing.
            if let summary, let caller = request.caller, policy.allows(caller, .admin, token: nil) {
                writer.name("summary"); writer.string(summary().text)
            }
            writer.endObject()
        }
    }

    func tokenStatus(_ request: APIRequest) async throws(Problem) -> Response {
        let status = try await keeper(request).status()
        return json { StatusWriting.write(status, for: request.caller, under: board.serving.rules.policy, to: &$0) }
    }

    /// 200 when every required token is usable. A stranger learns yes or no, a known caller the names.
    func readiness(_ request: APIRequest) throws(Problem) -> Response {
        let missing = board.serving.cells.filter { $0.isRequired.load(ordering: .relaxed) && !isUsable($0) }.map(\.name)
        guard missing.isEmpty else {
            let names = request.caller == nil ? "" : ": \(missing.joined(separator: ", "))"
            throw Problem(.notReady, "a required token is not usable\(names)", retryAfter: .seconds(1))
        }
        let isStoreUsable = metrics.events.isStoreUsable.load(ordering: .relaxed)
        let text = "ready\n" + (isStoreUsable || request.caller == nil ? "" : "the store cannot be used: tokens are kept in memory alone\n")
        return Response(status: 200, fields: CommonFields.all + [("Content-Type", "text/plain")], body: Array(text.utf8))
    }

    /// Past logins, the last first.
    func tokenHistory(_ request: APIRequest) async throws(Problem) -> Response {
        guard await broker.configuration(of: request.token) != nil else {
            throw Problem.forbidden
        }
        guard let store else {
            throw Problem(.noHistory, "past logins are kept by an SQLite store alone, and there is none", token: request.token)
        }
        let attempts: [PastLogin]
        do throws(StoreFault) {
            attempts = try await store.history(of: request.token, limit: 1000)
        } catch {
            throw Problem(.noHistory, "the store cannot be read", token: request.token)
        }
        return json { writer in
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
        guard isUsable(try await keeper(request).cell) else {
            throw Problem(.notReady, "the token is not usable", token: request.token, retryAfter: .seconds(1))
        }
        return Response(status: 200, fields: CommonFields.all + [("Content-Type", "text/plain")], body: Array("ready\n".utf8))
    }

    private func isUsable(_ cell: TokenCell) -> Bool {
        guard let token = cell.current?.token else { return false }
        return token.remaining(at: clocks.boot).map { $0 >= .seconds(1) } ?? true
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

/// A token's status as JSON: times as RFC 3339, durations in seconds.
enum StatusWriting {
    /// The partner's own words are for callers who may administer the token, alone.
    static func write(_ status: TokenStatus, for caller: Caller?, under policy: AccessPolicy, to writer: inout JSONWriter) {
        let isAdmin = caller.map { policy.allows($0, .admin, token: status.name, inputs: status.inputs) } ?? false
        writer.beginObject()
        writer.name("name"); writer.string(status.name)
        writer.name("provider"); writer.string(status.provider)
        if !status.inputs.isEmpty { writer.name("inputs"); writer.write(.object(status.inputs.mapValues { .string($0) })) }
        writer.name("required"); writer.literal(status.isRequired ? "true" : "false")
        writer.name("state"); writer.string(status.state.rawValue)
        writer.name("logging_in"); writer.literal(status.isLoggingIn ? "true" : "false")
        text("fingerprint", status.fingerprint, &writer)
        text("issued_at", status.issuedAt.map(CalendarTime.rfc3339), &writer)
        text("expires_at", status.expiresAt.map(CalendarTime.rfc3339), &writer)
        seconds("expires_in", status.remaining, &writer)
        text("expiry_source", status.expiryOrigin?.rawValue, &writer)
        seconds("lifetime", status.lifetime, &writer)
        seconds("learned_lifetime", status.learnedLifetime, &writer)
        seconds("margin", status.margin, &writer)
        seconds("jitter", status.jitter, &writer)
        text("next_refresh_at", status.nextRefreshAt.map(CalendarTime.rfc3339), &writer)
        seconds("next_refresh_in", status.untilNextRefresh, &writer)
        writer.name("logins"); writer.literal(String(status.logins))
        writer.name("failures_in_a_row"); writer.literal(String(status.failuresInARow))
        if let failure = status.lastFailure {
            writer.name("last_failure"); writer.beginObject()
            writer.name("class"); writer.string(failure.failureClass.rawValue)
            writer.name("reason"); writer.string(failure.reason)
            if let code = failure.status { writer.name("status"); writer.literal(String(code)) }
            if isAdmin { text("partner_message", failure.partnerMessage, &writer) }
            writer.endObject()
        }
        seconds("clock_skew", status.clockSkew, &writer)
        writer.name("budget"); writer.beginObject()
        writer.name("left"); writer.literal(String(status.budgetLeft))
        writer.name("cap"); writer.literal(String(status.budgetCap))
        writer.endObject()
        writer.endObject()
    }

    private static func text(_ name: String, _ value: String?, _ writer: inout JSONWriter) {
        guard let value else { return }
        writer.name(name)
        writer.string(value)
    }

    private static func seconds(_ name: String, _ value: Duration?, _ writer: inout JSONWriter) {
        guard let value else { return }
        let milliseconds = value.nanoseconds / 1_000_000
        writer.name(name)
        writer.literal(milliseconds % 1000 == 0 ? String(milliseconds / 1000) : String(Double(milliseconds) / 1000))
    }
}
