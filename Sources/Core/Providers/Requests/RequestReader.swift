import HTTPTypes
import OutboundHTTP
import YAML

/// Reads a request of a definition; every `{name}` in it must be one that has a value when the request is made.
struct RequestReader {
    let scope: NameScope
    /// How many answers of earlier requests there are, which its sources may name.
    var steps = 0
    /// Whether a template with an absent value is left out, whatever else it names (`use`).
    var allowsAbsent = false

    private var templates: TemplateReader { TemplateReader(scope: scope, allowsAbsent: allowsAbsent) }
    private var rules: ReplyRulesReader { ReplyRulesReader(sources: SourceReader(names: Set(scope.names.keys), steps: steps)) }

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
        let success = mapping.take("success").flatMap(rules.success) ?? SuccessRule()
        let keep = mapping.take("keep").map(rules.keep) ?? []
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

    func readURL(_ node: YAMLNode) -> URLTemplate? {
        guard let text = node.string() else { return nil }
        let url: URLTemplate
        do throws(TemplateFault) {
            url = try URLTemplate(text)
        } catch {
            node.fault(error.message)
            return nil
        }
        checkOrigin(of: url, at: node)
        templates.check(url.path, at: node)
        for pair in url.query { templates.check(pair.value, at: node, mayBeAbsent: true) }
        return url
    }

    private func checkOrigin(of url: URLTemplate, at node: YAMLNode) {
        switch url.origin {
        case .fixed(let origin): if let problem = BaseURL.problem(with: origin) { node.fault(problem) }
        case .named(let name):
            templates.check(Template(parts: [.name(name)]), at: node, mayBeAbsent: true)
            if let known = scope[name], known.kind != .url {
                node.fault("{\(name)} begins the URL, so it must be an input or kept value of kind: url")
            }
        }
        guard let name = url.keptPath else { return }
        templates.check(Template(parts: [.name(name)]), at: node)
        if let known = scope[name], known.kind != .path {
            // An inserted value next to the host could lengthen the host or the port.
            node.fault("after scheme, host and port comes /, ? or the end, or a kept value of kind: path, but here follows {\(name)}")
        }
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
            guard let value = templates.template(member.node, mayBeAbsent: true) else { return nil }
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
        let kinds = ["json", "form", "xml", "text"]
        let bodies = kinds.compactMap { kind in mapping.take(kind).map { (kind, $0) } }
        guard bodies.count <= 1 else {
            node.fault("has more than one of \(kinds.joined(separator: ", "))")
            return .none
        }
        guard let (kind, body) = bodies.first else { return .none }
        switch kind {
        case "json": return .json(templates.json(body))
        case "form": return .form(pairs(body))
        case "xml": return templates.template(body).map { .xml($0) } ?? .none
        default: return templates.template(body).map { .text($0) } ?? .none
        }
    }

    /// Form fields or query pairs: names with templates, numbers or Booleans.
    func pairs(_ node: YAMLNode) -> [PairTemplate] {
        node.mapping()?.members.compactMap { member in
            templates.template(member.node, mayBeAbsent: true).map { PairTemplate(name: member.name, value: $0) }
        } ?? []
    }
}
