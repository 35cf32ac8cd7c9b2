import HTTPTypes
import JSON
import OutboundHTTP
import YAML

/// Reads a request of a definition; every `{name}` in it must be one that has a value when the request is made.
struct RequestReader {
    let inputs: [InputDefinition]
    let scope: Set<String>
    /// Kept values that may begin a URL.
    var urls: Set<String> = []
    /// Whether a template with an absent value is omitted (`use`).
    var allowsAbsent = false

    private static let methods: [String: HTTPRequest.Method] = ["GET": .get, "POST": .post, "PUT": .put, "PATCH": .patch, "DELETE": .delete]

    func read(_ node: YAMLNode) -> RequestTemplate? {
        node.mapping().flatMap { read($0, at: node) }
    }

    func read(_ mapping: YAMLMapping, at node: YAMLNode) -> RequestTemplate? {
        defer { mapping.finish() }
        let method = mapping.require("method").flatMap(readMethod)
        let url = mapping.require("url").flatMap(readURL)
        let headers = mapping.take("headers").map(self.headers) ?? []
        let body = readBody(mapping, at: node)
        let success = mapping.take("success").flatMap(ReplyRulesReader.success) ?? SuccessRule()
        let keep = mapping.take("keep").map(ReplyRulesReader.keep) ?? []
        guard let method, let url else { return nil }
        if method == .get, body != .none { node.fault("a GET request cannot have a body") }
        return RequestTemplate(method: method, url: url, headers: headers, body: body, success: success, keep: keep)
    }

    private func readMethod(_ node: YAMLNode) -> HTTPRequest.Method? {
        guard let text = node.string() else { return nil }
        if let method = Self.methods[text] { return method }
        node.fault("must be one of: \(Self.methods.keys.sorted().joined(separator: ", "))")
        return nil
    }

    private func readURL(_ node: YAMLNode) -> URLTemplate? {
        guard let text = node.string() else { return nil }
        let url: URLTemplate
        do throws(TemplateFault) {
            url = try URLTemplate(text)
        } catch {
            node.fault(error.message)
            return nil
        }
        if case .named(let name) = url.origin, let input = inputs.first(where: { $0.name == name }), input.kind != .url {
            node.fault("{\(name)} begins the URL, so its input must have kind: url")
        } else if case .named(let name) = url.origin, !inputs.contains(where: { $0.name == name }), scope.contains(name), !urls.contains(name) {
            node.fault("{\(name)} begins the URL, so it must be kept with kind: url")
        }
        if case .fixed(let origin) = url.origin, let problem = BaseURL.problem(with: origin) { node.fault(problem) }
        check(url.path, at: node)
        for pair in url.query { check(pair.value, at: node, mayBeAbsent: true) }
        if case .named(let name) = url.origin { check(Template(parts: [.name(name)]), at: node) }
        return url
    }

    func headers(_ node: YAMLNode) -> [HeaderTemplate] {
        guard let mapping = node.mapping() else { return [] }
        var seen: Set<HTTPField.Name> = []
        return mapping.members.compactMap { member in
            guard let name = HTTPField.Name(member.name) else {
                member.node.fault("is not a field name (RFC 9110 §5.1)")
                return nil
            }
            if Self.framing.contains(name.canonicalName) {
                member.node.fault("frames the message, so it cannot be set; it follows from URL and body")
            }
            if !seen.insert(name).inserted { member.node.fault("is set twice; names of headers do not differ by case") }
            guard let value = template(member.node, mayBeAbsent: true) else { return nil }
            let isFit: (Unicode.Scalar) -> Bool = { (0x20...0x7E).contains($0.value) || $0 == "\t" }
            for case .text(let text) in value.parts where !text.unicodeScalars.allSatisfy(isFit) {
                member.node.fault("holds a line break, a control character or one outside ASCII, which a header cannot carry")
            }
            return HeaderTemplate(name: name, value: value)
        }
    }

    /// Headers that say where a message ends and where it goes (RFC 9112 §6, RFC 9110 §7).
    private static let framing: Set<String> = ["content-length", "transfer-encoding", "connection", "host", "te", "trailer", "upgrade"]

    private func readBody(_ mapping: YAMLMapping, at node: YAMLNode) -> BodyTemplate {
        let bodies = [mapping.take("json"), mapping.take("form"), mapping.take("text")]
        guard bodies.compactMap({ $0 }).count <= 1 else {
            node.fault("has more than one of json, form and text")
            return .none
        }
        if let json = bodies[0] { return .json(self.json(json)) }
        if let form = bodies[1]?.mapping() {
            return .form(
                form.members.compactMap { member in template(member.node, mayBeAbsent: true).map { PairTemplate(name: member.name, value: $0) } })
        }
        if let text = bodies[2].flatMap({ template($0, mayBeAbsent: false) }) { return .text(text) }
        return .none
    }

    private func json(_ node: YAMLNode) -> JSONTemplate {
        if let members = node.isMapping ? node.mapping()?.members : nil {
            return .object(members.map { JSONTemplate.Member(name: $0.name, value: json($0.node)) })
        }
        if let elements = node.isSequence ? node.list() : nil { return .array(elements.map(json)) }
        switch node.scalar {
        case .integer(let text), .number(let text):
            if JSONValue(parsing: Array(text.utf8)) == nil { node.fault("\(text) is no JSON number; quote it to send it as text") }
            return .literal(text)
        case .bool(let flag): return .literal(flag ? "true" : "false")
        case .null: return .literal("null")
        default: return .string(template(node, mayBeAbsent: true) ?? Template(parts: [.text("")]))
        }
    }

    private func template(_ node: YAMLNode, mayBeAbsent: Bool) -> Template? {
        guard let text = node.string() else { return nil }
        do throws(TemplateFault) {
            let template = try Template(text)
            check(template, at: node, mayBeAbsent: mayBeAbsent)
            return template
        } catch {
            node.fault(error.message)
            return nil
        }
    }

    private func check(_ template: Template, at node: YAMLNode, mayBeAbsent: Bool = false) {
        for name in template.names {
            guard scope.contains(name) else {
                node.fault("{\(name)} is not known here; known: \(scope.sorted().joined(separator: ", "))")
                continue
            }
            guard let input = inputs.first(where: { $0.name == name }), input.isOptional, input.defaultValue == nil, !allowsAbsent else { continue }
            if !mayBeAbsent || template.soleName == nil {
                node.fault(
                    "{\(name)} is optional, so it must be the whole of a header, query pair, form field or JSON member, which is omitted without it")
            }
        }
    }
}
