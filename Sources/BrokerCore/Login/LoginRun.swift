import HTTPTypes

/// One login under way: makes each request from the definition and what is known so far, reads each answer. Pure.
package struct LoginRun: Sendable {
    package enum Outcome: Sendable {
        case nextStep
        case token(TokenDraft)
    }

    private let definition: ProviderDefinition
    private let expires: [ExpirySource]
    private let connection: ConnectionSettings
    private let redactor: Redactor
    private let requests: [RequestTemplate]
    private let held: [String: String]
    private var values: ValueScope
    private var step = 0

    /// - Parameters:
    ///   - values: every input that has a value, token inputs included.
    ///   - expires: what the configuration says in place of the definition; nil: the definition's own.
    ///   - requests: in place of the definition's login: its refresh request.
    ///   - held: values kept of the token in hand, for those an answer does not repeat.
    package init(
        _ definition: ProviderDefinition, values: ValueScope, expires: [ExpirySource]? = nil, connection: ConnectionSettings = .init(),
        requests: [RequestTemplate]? = nil, held: [String: String] = [:]
    ) {
        self.requests = requests ?? definition.login
        self.held = held
        self.definition = definition
        self.values = values
        self.expires = expires ?? definition.token.expires
        self.connection = connection
        redactor = Redactor(definition: definition, values: values)
    }

    /// The request of the current step.
    package func request() throws(LoginFailure) -> OutboundRequest {
        try RequestRendering.request(requests[step], values: values, connection: connection)
    }

    /// Reads the answer to the current step.
    ///
    /// - Throws: `LoginFailure` when the partner refused, or said something that cannot be understood.
    package mutating func receive(_ reply: PartnerReply) throws(LoginFailure) -> Outcome {
        let request = requests[step]
        let reader = ReplyReader(reply)
        if let failure = reader.failure(success: request.success, errors: definition.errors, redactor: redactor) { throw failure }
        for kept in request.keep {
            guard let value = try reader.keep(kept) else { continue }
            values["steps.\(step).\(kept.name)"] = value
        }
        step += 1
        guard step == requests.count else { return .nextStep }
        return .token(try TokenDraft(reading: definition.token, use: definition.use, expires: expires, from: reader, values: values, held: held))
    }
}

/// Turns request templates into requests.
package enum RequestRendering {
    package static func request(_ template: RequestTemplate, values: ValueScope, connection: ConnectionSettings) throws(LoginFailure)
        -> OutboundRequest
    {
        var fields = HTTPFields()
        fields[.cacheControl] = "no-store"
        let (body, contentType) = try body(template.body, values)
        if let contentType { fields[.contentType] = contentType }
        for header in template.headers {
            guard let value = try header.value.render(values, encode: PlaceEncoding.header) else { continue }
            fields[header.name] = String(decoding: value, as: UTF8.self)
        }
        let url = try template.url.render(values)
        return OutboundRequest(
            method: template.method, url: url, fields: fields, body: body ?? (template.method == .get ? nil : []), connection: connection)
    }

    private static func body(_ template: BodyTemplate, _ values: ValueScope) throws(LoginFailure) -> ([UInt8]?, String?) {
        switch template {
        case .none:
            return (nil, nil)
        case .json(let json):
            var writer = JSONWriter()
            try write(json, values, to: &writer)
            return (writer.bytes, "application/json")
        case .form(let pairs):
            var body: [UInt8] = []
            for pair in pairs {
                guard let value = try pair.value.render(values, encode: { _, value throws(LoginFailure) in PlaceEncoding.form(value) }) else {
                    continue
                }
                if !body.isEmpty { body.append(UInt8(ascii: "&")) }
                body += PlaceEncoding.form(Array(pair.name.utf8)) + [UInt8(ascii: "=")] + value
            }
            return (body, "application/x-www-form-urlencoded")
        case .text(let text):
            return (try text.render(values, encode: { _, value throws(LoginFailure) in value }), "text/plain; charset=utf-8")
        }
    }

    private static func write(_ template: JSONTemplate, _ values: ValueScope, to writer: inout JSONWriter) throws(LoginFailure) {
        switch template {
        case .literal(let text):
            writer.literal(text)
        case .string(let text):
            writer.string(try text.render(values, encode: { _, value throws(LoginFailure) in value }) ?? [])
        case .array(let elements):
            writer.beginArray()
            for element in elements { try write(element, values, to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for member in members {
                if case .string(let text) = member.value, let name = text.soleName, values[name] == nil { continue }
                writer.name(member.name)
                try write(member.value, values, to: &writer)
            }
            writer.endObject()
        }
    }
}
