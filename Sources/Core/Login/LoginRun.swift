import HTTPTypes
import JSON
package import OutboundHTTP
package import Providers
package import Secrets
package import Tokens

/// A login in progress: builds each request from the definition and the values so far, and reads each answer. Pure.
package struct LoginRun: Sendable {
    package enum Outcome: Sendable {
        case nextStep
        case token(TokenDraft)
    }

    private let definition: ProviderDefinition
    private let expires: [ExpirySource]
    private let connection: ConnectionSettings
    private let requests: [RequestTemplate]
    private let held: [String: String]
    private var values: ValueScope
    private var step = 0
    /// Whether an `Age` that leaves the token no life is ignored.
    private let toleratesAge: Bool
    /// The refresh token in the answer (RFC 6749 §6), also where the answer brings no usable token: the one before may be spent.
    package private(set) var refreshToken: Secret?

    /// - Parameters:
    ///   - values: every input that has a value, token inputs included.
    ///   - expires: the configuration's override; nil: the definition's own.
    ///   - requests: the refresh request, to replace the definition's login.
    ///   - held: values kept from the token in hand, for those an answer does not repeat.
    package init(
        _ definition: ProviderDefinition, values: ValueScope, expires: [ExpirySource]? = nil, connection: ConnectionSettings = .init(),
        requests: [RequestTemplate]? = nil, held: [String: String] = [:], toleratesAge: Bool = false
    ) {
        self.toleratesAge = toleratesAge
        self.requests = requests ?? definition.login
        self.held = held
        self.definition = definition
        self.values = values
        self.expires = expires ?? definition.token.expires
        self.connection = connection
    }

    /// The request of the current step.
    package func request() throws(LoginFailure) -> OutboundRequest {
        var request = try RequestRendering.request(requests[step], of: definition, values: values, connection: connection)
        // A body that is the token has a type of its own.
        if case .body = definition.token.source { return request }
        if request.fields[.accept] == nil { request.fields[.accept] = "application/json" }
        return request
    }

    /// Reads the answer to the current step.
    ///
    /// - Throws: `LoginFailure` if the partner refused, or its answer cannot be understood.
    package mutating func receive(_ reply: PartnerReply) throws(LoginFailure) -> Outcome {
        let request = requests[step]
        let reader = ReplyReader(reply)
        let redactor = Redactor(definition: definition, values: values)
        if let failure = reader.failure(success: request.success, errors: definition.errors, redactor: redactor) { throw failure }
        let isLast = step + 1 == requests.count
        do throws(LoginFailure) {
            if isLast, let source = definition.token.refreshToken { refreshToken = try reader.refreshToken(source).map { Secret($0) } }
            for kept in request.keep {
                guard let value = try reader.keep(kept) else { continue }
                values["steps.\(step).\(kept.name)"] = value
            }
            step += 1
            guard isLast else { return .nextStep }
            return .token(
                try TokenDraft(
                    reading: definition.token, use: definition.use, expires: expires, from: reader, values: values, held: held,
                    toleratesAge: toleratesAge))
        } catch {
            // Without what was expected, an OAuth2 error in the answer says why.
            guard error.failureClass == .badReply, !hasToken(reader) else { throw error }
            throw reader.failure(withoutToken: definition.errors, redactor: redactor) ?? error
        }
    }

    /// Whether the last answer holds something where the token should be; a body that is the token holds anything.
    private func hasToken(_ reader: ReplyReader) -> Bool {
        if step < requests.count { return false }
        if case .body = definition.token.source { return false }
        return reader.value(definition.token.source).map { $0 != .string("") } ?? false
    }
}
