import Configuration
import HTTPTypes
import JSON
package import OutboundHTTP
package import Providers
package import Secrets
package import Time
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
    private var derivation: ValueDerivation
    /// The answers so far.
    private var answers: [ReplyReader] = []
    private var step: Int { answers.count }
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
        _ definition: ProviderDefinition, values: ValueScope, environment: ValueEnvironment, expires: [ExpirySource]? = nil,
        connection: ConnectionSettings = .init(), requests: [RequestTemplate]? = nil, held: [String: String] = [:], toleratesAge: Bool = false
    ) {
        self.toleratesAge = toleratesAge
        self.requests = requests ?? definition.login
        self.held = held
        self.definition = definition
        self.values = values
        self.expires = expires ?? definition.token.expires
        self.connection = connection
        derivation = ValueDerivation(definition.values, environment)
    }

    /// Whether the token is made here: there is no request to send.
    package var isMadeHere: Bool { requests.isEmpty }

    /// The host of the current step's request, with its port; it needs no derived value.
    package func host() throws(LoginFailure) -> String { BaseURL.host(try requests[step].url.renderedOrigin(values)) }

    /// The request of the current step.
    package mutating func request() throws(LoginFailure) -> OutboundRequest {
        try derive()
        var request = try RequestRendering.request(requests[step], of: definition, values: values, connection: connection)
        // A body that is the token has a type of its own, and XML too.
        if definition.token.source.isBody || definition.token.source.isXML { return request }
        if request.fields[.accept] == nil { request.fields[.accept] = "application/json" }
        return request
    }

    /// The token of a login without requests.
    package mutating func makeToken(at now: BootInstant, wall: WallTime) throws(LoginFailure) -> TokenDraft {
        try derive()
        let nothing = PartnerReply(status: 200, fields: [:], body: [], sentAt: now, sentAtWall: wall, receivedAtWall: wall)
        return try draft(from: ReplyReader(nothing, earlier: [], scope: values))
    }

    private mutating func derive(isComplete: Bool = false) throws(LoginFailure) {
        try Self.derive(&derivation, into: &values, definition, step: step, isComplete: isComplete)
    }

    private static func derive(
        _ derivation: inout ValueDerivation, into values: inout ValueScope, _ definition: ProviderDefinition, step: Int, isComplete: Bool
    ) throws(LoginFailure) {
        try derivation.derive(into: &values) { name in
            if isComplete { return false }
            if name == "token" || definition.token.keep.contains(where: { $0.name == name }) { return true }
            guard name.hasPrefix("steps."), let number = Int(name.dropFirst(6).prefix { $0 != "." }) else { return false }
            return number >= step
        }
    }

    /// Reads the answer to the current step.
    ///
    /// - Throws: `LoginFailure` if the partner refused, or its answer cannot be understood.
    package mutating func receive(_ reply: PartnerReply) throws(LoginFailure) -> Outcome {
        let request = requests[step]
        let reader = ReplyReader(reply, earlier: answers, scope: values)
        let redactor = Redactor(definition: definition, values: values)
        if let failure = reader.failure(success: request.success, errors: definition.errors, redactor: redactor) { throw clockwise(failure, reply) }
        let isLast = step + 1 == requests.count
        do throws(LoginFailure) {
            if isLast, let source = definition.token.refreshToken { refreshToken = try reader.refreshToken(source).map { Secret($0) } }
            for kept in request.keep {
                guard let value = try reader.keep(kept) else { continue }
                values["steps.\(step).\(kept.name)"] = value
            }
            answers.append(reader)
            guard isLast else { return .nextStep }
            try derive()
            var last = reader
            last.scope = values
            return .token(try draft(from: last))
        } catch {
            // Without what was expected, an OAuth2 error in the answer says why.
            guard error.failureClass == .badReply, !hasToken(reader) else { throw error }
            throw reader.failure(withoutToken: definition.errors, redactor: redactor) ?? error
        }
    }

    private mutating func draft(from reader: ReplyReader) throws(LoginFailure) -> TokenDraft {
        var derivation = derivation
        let (definition, step) = (definition, step)
        var draft = try TokenDraft(
            reading: definition.token, use: definition.use, expires: expires, from: reader, values: &values, held: held, toleratesAge: toleratesAge
        ) { values throws(LoginFailure) in
            try Self.derive(&derivation, into: &values, definition, step: step, isComplete: true)
        }
        draft.session = values.session(held: held)
        draft.isProlonged = definition.sameTokenIsProlonged
        return draft
    }

    /// A signature made with this host's clock says nothing about the secrets if the partner's clock is another.
    private func clockwise(_ failure: LoginFailure, _ reply: PartnerReply) -> LoginFailure {
        guard failure.failureClass == .rejected, definition.values.contains(where: \.usesClock),
            let date = reply.sole(.date).flatMap(CalendarTime.parseIMFFixdate)
        else { return failure }
        let difference = max(reply.sentAtWall - date, date - reply.receivedAtWall)
        guard difference > .seconds(30) else { return failure }
        var local = failure
        (local.failureClass, local.rejectsGrant) = (.local, false)
        local.reason += "; this host's clock differs from the partner's by \(DurationSyntax.words(difference)), and the login is signed with the time"
        local.waitsForClock = true
        return local
    }

    /// Reads the answer to a request that prolonged a token: its life is what `token.expires` finds in it.
    ///
    /// - Throws: `LoginFailure`, if the partner refused, or the answer states no life.
    static func prolonged(
        _ token: Token, by reply: PartnerReply, _ rule: ProlongationRule, of configuration: TokenConfiguration, _ values: ValueScope
    ) throws(LoginFailure) -> TokenDraft {
        let definition = configuration.provider
        let reader = ReplyReader(reply, scope: values)
        let redactor = Redactor(definition: definition, values: values)
        if let failure = reader.failure(success: rule.request.success, errors: definition.errors, redactor: redactor) { throw failure }
        let ends = ExpiryReading(
            reader: reader, token: JSONWebToken(token.value.exposedBytes), ignoresClaim: definition.token.ignoresClaim, toleratesAge: true)
        let expiry = try ends.expiry(configuration.expires ?? definition.token.expires)
        var draft = TokenDraft(
            value: token.value, type: token.type, headers: token.headers, values: token.values, expiry: expiry, sentAt: reply.sentAt,
            sentAtWall: reply.sentAtWall)
        (draft.query, draft.json, draft.session, draft.isProlonged) = (token.query, token.json, token.session, true)
        return draft
    }

    /// Whether the last answer holds something where the token should be; a body that is the token holds anything.
    private func hasToken(_ reader: ReplyReader) -> Bool {
        if step < requests.count || definition.token.source.isBody { return false }
        return reader.value(definition.token.source).map { $0 != .string("") } ?? false
    }
}
