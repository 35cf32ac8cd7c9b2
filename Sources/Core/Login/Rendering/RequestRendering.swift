import HTTPTypes
package import OutboundHTTP
package import Providers
package import Tokens

/// Renders request templates into requests.
package enum RequestRendering {
    package static func request(
        _ template: RequestTemplate, of definition: ProviderDefinition, values: ValueScope, connection: ConnectionSettings
    ) throws(LoginFailure) -> OutboundRequest {
        try checkOrigin(of: template.url, definition, values)
        var fields = HTTPFields()
        fields[.cacheControl] = "no-cache, no-store"
        fields[.acceptEncoding] = "identity"
        let (body, contentType) = try body(template.body, values)
        if let contentType { fields[.contentType] = contentType }
        for header in template.headers {
            guard let value = try header.value.render(values, encode: PlaceEncoding.header) else { continue }
            fields[header.name] = String(decoding: value, as: UTF8.self)
        }
        let url = try template.url.render(values)
        var request = OutboundRequest(
            method: template.method, url: url, fields: fields, body: body ?? (template.method == .get ? nil : []), connection: connection)
        request.redact = { Redactor(definition: definition, values: values).withoutSecrets($0) }
        return request
    }

    /// Checks a URL that an answer gave: secrets follow it, so that the partner's answer alone does not say where to.
    private static func checkOrigin(of url: URLTemplate, _ definition: ProviderDefinition, _ values: ValueScope) throws(LoginFailure) {
        guard case .named(let name) = url.origin, definition.input(name) == nil, let value = values[name] else { return }
        let bases = definition.inputs.filter { $0.kind == .url }.compactMap { values[$0.name] }.map { String(decoding: $0, as: UTF8.self) }
        guard let problem = definition.problem(withKept: String(decoding: value, as: UTF8.self), bases: bases) else { return }
        throw LoginFailure(.badReply, "the URL in {\(name)} \(problem)")
    }

    private static func body(_ template: BodyTemplate, _ values: ValueScope) throws(LoginFailure) -> ([UInt8]?, String?) {
        switch template {
        case .none:
            return (nil, nil)
        case .json(let json):
            return (JSONRendering.bytes(json, values), "application/json")
        case .form(let pairs):
            var body: [UInt8] = []
            for pair in pairs {
                guard let value = try pair.value.render(values, encode: { _, value throws(LoginFailure) in value }) else { continue }
                if !body.isEmpty { body.append(UInt8(ascii: "&")) }
                body += PlaceEncoding.form(Array(pair.name.utf8)) + [UInt8(ascii: "=")] + PlaceEncoding.form(value)
            }
            return (body, "application/x-www-form-urlencoded")
        case .xml(let text):
            return (try text.render(values, encode: PlaceEncoding.xml), "application/xml")
        case .text(let text):
            return (try text.render(values, encode: { _, value throws(LoginFailure) in value }), "text/plain; charset=utf-8")
        }
    }
}

extension Template {
    /// Inserts the values, each encoded for its place.
    ///
    /// - Returns: nil if a named value is absent: an optional input that was not given.
    /// - Throws: what `encode` throws.
    func render(_ values: ValueScope, encode: (_ name: String, _ value: [UInt8]) throws(LoginFailure) -> [UInt8]) throws(LoginFailure)
        -> [UInt8]?
    {
        var bytes: [UInt8] = []
        for part in parts {
            switch part {
            case .text(let text):
                bytes += Array(text.utf8)
            case .name(let name):
                guard let value = values[name] else { return nil }
                do throws(LoginFailure) {
                    bytes += try encode(name, value)
                } catch {
                    // What the partner's own answer brought is no fault of this host.
                    throw name.hasPrefix("steps.") ? LoginFailure(.badReply, error.reason) : error
                }
            }
        }
        return bytes
    }
}

extension URLTemplate {
    /// Renders the URL with a login's values.
    package func render(_ values: ValueScope) throws(LoginFailure) -> String {
        var text = try renderedOrigin(values)
        if let name = keptPath {
            guard let value = values[name] else { throw LoginFailure(.badReply, "{\(name)} has no value") }
            text += String(decoding: try PlaceEncoding.keptPath(name, value), as: UTF8.self)
        }
        guard let path = try path.render(values, encode: { name, value throws(LoginFailure) in try PlaceEncoding.pathSegment(name, value) }) else {
            let missing = self.path.names.first { values[$0] == nil } ?? ""
            throw LoginFailure(missing.hasPrefix("steps.") ? .badReply : .local, "the path needs {\(missing)}, which has no value")
        }
        text += String(decoding: path, as: UTF8.self)
        var separator = "?"
        for pair in query {
            guard let value = try pair.value.render(values, encode: { _, value throws(LoginFailure) in PercentEncoding.encode(value) }) else {
                continue
            }
            text += "\(separator)\(pair.name)=\(String(decoding: value, as: UTF8.self))"
            separator = "&"
        }
        return text
    }

    /// What the URL begins with: scheme, host, port and, of an input or kept value, a path prefix.
    package func renderedOrigin(_ values: ValueScope) throws(LoginFailure) -> String {
        switch origin {
        case .fixed(let origin): return origin
        case .named(let name):
            guard let value = values[name] else { throw LoginFailure(.local, "{\(name)} has no value") }
            let base = String(decoding: value, as: UTF8.self)
            if let problem = BaseURL.problem(with: base) { throw LoginFailure(.local, "{\(name)} \(problem)") }
            return isWhole ? base : BaseURL.withoutFinalSlash(base)
        }
    }
}
