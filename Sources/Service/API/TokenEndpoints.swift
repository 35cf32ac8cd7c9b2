import Admission
import Broker
import Configuration
import Contract
import JSON
import LocalHTTP
import Observability
import OutboundHTTP
import Providers
import Secrets
import Text
import Time
import Tokens

/// Tokens, and the operations of callers and operators on them.
extension BrokerAPI {
    func token(_ request: APIRequest) async throws(Problem) -> Outcome {
        let token = try await currentToken(request)
        guard isModified(token, request) else { return Outcome(notModified(token)) }
        if request.wantsText {
            let fields = TokenBody.fields(fingerprint: token.fingerprint, contentType: "text/plain")
            return Outcome(Response(status: 200, fields: fields, body: token.value.exposedBytes + [0x0A]), token: token)
        }
        let (now, wall) = (clocks.boot, clocks.wall)
        let isStale = await isStale(request, token)
        let body = TokenBody(token, now: now, wall: wall, isStale: isStale)
        let fields = TokenBody.fields(fingerprint: token.fingerprint, contentType: "application/json")
        return Outcome(Response(status: 200, fields: fields, body: body.bytes), token: token)
    }

    /// The headers to send to the partner, as response headers.
    func tokenHeaders(_ request: APIRequest) async throws(Problem) -> Outcome {
        let token = try await currentToken(request)
        guard isModified(token, request) else { return Outcome(notModified(token)) }
        let fields = CommonFields.all + [("ETag", TokenBody.entityTag(token.fingerprint))] + token.headers.map { ($0.name, $0.value.exposedText) }
        return Outcome(Response(status: 200, fields: fields), token: token)
    }

    /// The current token or, where the request has a condition and `wait`, a token that the condition does not name, once there
    /// is one.
    func currentToken(_ request: APIRequest) async throws(Problem) -> Token {
        let keeper = try await keeper(request)
        if request.failsPrecondition { throw Problem(.preconditionFailed, "If-Match names no tag of this token", token: request.token) }
        do throws(TokenRefusal) {
            if !request.ifNoneMatch.isEmpty, let wait = request.wait {
                let known = request.ifNoneMatch.isAny ? ["*"] : request.ifNoneMatch.tags.map(\.text).filter { $0 != "*" }
                return try await keeper.token(otherThan: known, minValid: request.minValid, wait: wait)
            }
            return try await keeper.token(minValid: request.minValid, wait: request.wait ?? APIRequest.defaultWait)
        } catch {
            throw Problem(error, token: request.token)
        }
    }

    private func isModified(_ token: Token, _ request: APIRequest) -> Bool {
        !request.ifNoneMatch.names(token.fingerprint)
    }

    private func notModified(_ token: Token) -> Response {
        Response(status: 304, fields: CommonFields.all + [("ETag", TokenBody.entityTag(token.fingerprint)), ("Vary", "Accept")])
    }

    private func isStale(_ request: APIRequest, _ token: Token) async -> Bool {
        guard let keeper = try? await keeper(request), let current = keeper.cell.current, current.token.fingerprint == token.fingerprint else {
            return false
        }
        return current.staleAt <= clocks.boot
    }

    func refreshToken(_ request: APIRequest) async throws(Problem) -> Response {
        let keeper = try await keeper(request)
        let isAdmin =
            request.caller.map { request.policy.allows($0, .admin, token: request.token, inputs: request.perRequest) } ?? false
        do throws(TokenRefusal) {
            let status = try await keeper.refresh(asAdmin: isAdmin, wait: .seconds(10))
            return json { StatusWriting.write(status, for: request.caller, under: request.policy, to: &$0) }
        } catch {
            let left = keeper.cell.current?.token.remaining(at: clocks.boot)
            throw Problem(error, token: request.token, left: left.flatMap { $0 > .zero ? $0 : nil }, isOperator: isAdmin)
        }
    }

    /// Takes the refresh token of a person's login.
    func takeGrant(_ request: APIRequest) async throws(Problem) -> Response {
        guard let text = JSONValue(parsing: request.body)?["refresh_token"]?.text, !text.isEmpty, text.utf8.count <= 65_536,
            text.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { throw Problem(.invalidParameter, "the body must be JSON: {\"refresh_token\": \"…\"}", token: request.token) }
        let keeper = try await keeper(request)
        guard await broker.configuration(of: request.token)?.provider.refreshRequest != nil else {
            throw Problem(
                .notFound, "the provider of \(request.token) has no refresh_request, which would use a refresh token", token: request.token)
        }
        do throws(TokenRefusal) {
            let status = try await keeper.take(refreshToken: Secret(text), wait: .seconds(10))
            return json { StatusWriting.write(status, for: request.caller, under: request.policy, to: &$0) }
        } catch {
            throw Problem(error, token: request.token, isOperator: true)
        }
    }

    func reportRejection(_ request: APIRequest) async throws(Problem) -> Response {
        guard let body = JSONValue(parsing: request.body), case .object(let members) = body else {
            throw Problem(.invalidParameter, "the body must be JSON: {\"fingerprint\": \"…\", \"status\": 401}", token: request.token)
        }
        guard let fingerprint = members["fingerprint"]?.text, fingerprint.count == 12, Digest.bytes(hex: fingerprint) != nil else {
            throw Problem(.invalidParameter, "fingerprint must be the 12 hex digits of the refused token", token: request.token)
        }
        // 401.0 is an integer too (JSON Schema 2020-12, 6.1.1).
        guard let status = members["status"]?.wholeNumber, (100...599).contains(status) else {
            throw Problem(.invalidParameter, "status must be the partner's status, a number from 100 to 599", token: request.token)
        }
        if let unknown = members.keys.first(where: { $0 != "fingerprint" && $0 != "status" }) {
            throw Problem(.invalidParameter, "\(unknown) is not a member of a rejection report", token: request.token)
        }
        let reporter = request.caller.map(request.policy.name) ?? ""
        let outcome = try await keeper(request).report(fingerprint: fingerprint, status: Int(status), from: reporter)
        return json { writer in
            writer.beginObject()
            writer.name("action"); writer.string(outcome.rawValue)
            writer.endObject()
        }
    }

    /// Runs an action of a provider once and returns the partner's answer to the operator.
    func callAction(_ request: APIRequest) async throws(Problem) -> Response {
        let keeper = try await keeper(request)
        let provider = await broker.configuration(of: request.token)?.provider
        guard let action = provider?.actions.first(where: { $0.name == request.parameters["action"] }) else {
            let hint = Suggestion.text(for: request.parameters["action"] ?? "", among: provider?.actions.map(\.name) ?? [], "actions")
            throw Problem(
                .notFound, "\(provider?.name ?? "the provider") has no action \(request.parameters["action"] ?? "")\(hint)", token: request.token)
        }
        let values = try actionValues(request, action)
        let reply: PartnerReply
        do throws(LoginFailure) {
            reply = try await keeper.call(action, values: values)
        } catch {
            throw Problem(.actionFailed, "no answer was received: \(error.failureClass.rawValue)", token: request.token)
        }
        return json { writer in
            writer.beginObject()
            writer.name("status"); writer.literal(String(reply.status))
            writer.name("body")
            if let body = JSONValue(parsing: reply.body) { writer.write(body) } else { writer.string(String(decoding: reply.body, as: UTF8.self)) }
            writer.endObject()
        }
    }

    private func actionValues(_ request: APIRequest, _ action: ActionDefinition) throws(Problem) -> [String: String] {
        let body = request.body.isEmpty ? .object([:]) : JSONValue(parsing: request.body)
        guard case .object(let members)? = body else {
            throw Problem(.invalidParameter, "the body must be a JSON object of inputs", token: request.token)
        }
        var values: [String: String] = [:]
        for (name, value) in members {
            guard action.inputs.contains(where: { $0.name == name }), let text = value.scalarText else {
                throw Problem(.invalidParameter, "\(name) is not an input of \(action.name)", token: request.token)
            }
            values[name] = text
        }
        for input in action.inputs {
            values[input.name] = values[input.name] ?? input.defaultValue
            guard let value = values[input.name] else {
                if input.isOptional { continue }
                throw Problem(.invalidParameter, "\(input.name) is missing", token: request.token)
            }
            if let problem = InputRule.problem(with: value, for: input) { throw Problem(.invalidParameter, problem, token: request.token) }
        }
        return values
    }
}
