import HTTPTypes
import JSON
import Patterns
import XML
import YAML

/// Reads the sources of values. A new kind of source needs a case of `ValueSource.Place` and a key here.
struct SourceReader {
    /// Names of values that a source may name; nil: any.
    var names: Set<String>?
    /// How many answers of earlier requests there are.
    var steps = 0

    /// Keys that name a source.
    private static let keys = ["json", "form", "header", "cookie", "xml", "body", "value", "from"]
    /// The forms of a source, for messages.
    static let forms = "{json: /pointer}, {form: name}, {header: name}, {cookie: name}, {xml: /path}, {body: text} or {value: name}"

    /// Whether a mapping names a source, valid or not.
    static func isNamed(in mapping: YAMLMapping) -> Bool { keys.contains(where: mapping.has) }

    /// Reads one source or a list of them.
    func read(_ node: YAMLNode) -> SourceList? {
        guard node.isSequence else { return source(node).map { SourceList([$0]) } }
        let sources = (node.list() ?? []).compactMap(source)
        if sources.isEmpty { node.fault("needs at least one source, such as {json: /pointer}") }
        return sources.isEmpty ? nil : SourceList(sources)
    }

    private func source(_ node: YAMLNode) -> ValueSource? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        guard let found = read(in: mapping) else {
            if !Self.isNamed(in: mapping) { node.fault("must be \(Self.forms)") }
            return nil
        }
        if found.sources.count > 1 { node.fault("a list stands in a list; write its sources in the outer one") }
        return found.sources[0]
    }

    /// Takes the source, or the list under `from`, that a mapping names among its other keys.
    ///
    /// - Parameter takesPattern: whether `matches` is part of the source; in a test it is the condition.
    func read(in mapping: YAMLMapping, takesPattern: Bool = true) -> SourceList? {
        let taken = Self.keys.compactMap { key in mapping.take(key).map { (key, $0) } }
        if taken.count > 1 { mapping.place.fault("names more than one source: \(taken.map(\.0).joined(separator: ", "))") }
        let (step, html) = (mapping.take("step"), mapping.take("html"))
        let matches = takesPattern ? mapping.take("matches") : nil
        if html != nil, !mapping.has("body") { html?.fault("applies only to body: text") }
        guard let (key, node) = taken.first else { return nil }
        if key == "from" {
            for other in [step, html, matches].compactMap({ $0 }) { other.fault("belongs to a source in from, not beside it") }
            return read(node)
        }
        guard let place = place(key, node, allowsHTML: html?.bool() ?? false) else { return nil }
        var source = ValueSource(place)
        if let step { source.step = self.step(step) }
        if let matches {
            source.pattern = matches.pattern()
            if let groups = source.pattern?.groups, groups != 1 {
                matches.fault("needs one group, whose text is the value, such as \"Bearer (.+)\"; it has \(groups)")
            }
        }
        return SourceList([source])
    }

    private func step(_ node: YAMLNode) -> Int? {
        guard steps > 0 else {
            node.fault("there is no earlier request here")
            return nil
        }
        return node.integer(in: 0...steps - 1)
    }

    private func place(_ key: String, _ node: YAMLNode, allowsHTML: Bool) -> ValueSource.Place? {
        if key == "json" {
            if let pointer = JSONPointer(node.isNull ? "" : node.string() ?? "") { return .json(pointer) }
            node.fault("is not a JSON Pointer (RFC 6901), such as /data/token")
            return nil
        }
        guard let text = node.string() else { return nil }
        switch key {
        case "form": return .form(text)
        case "header":
            if let name = HTTPField.Name(text) { return .header(name) }
            node.fault("is not a field name (RFC 9110 §5.1)")
        case "cookie":
            if text == "*" { return .allCookies }
            if !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"=;,\"".utf8.contains($0) }) { return .cookie(text) }
            node.fault("is not a cookie's name (RFC 6265 §4.1.1), and not \"*\" for all")
        case "xml":
            if let path = XMLPath(text) { return .xml(path) }
            node.fault("must be a path of local names, such as /response/token or /response/credentials/@token")
        case "body":
            if text == "text" { return .body(allowsHTML: allowsHTML) }
            node.fault("must be the word text")
        default:
            if names?.contains(text) ?? true { return .value(text) }
            node.fault("{\(text)} is not known here; known: \((names ?? []).sorted().joined(separator: ", "))")
        }
        return nil
    }
}
