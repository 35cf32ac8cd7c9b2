import HTTPTypes
import JSON
import YAML

/// Reads the source of a value in an answer. A new kind of source needs a case of `ValueSource` and a key here.
enum SourceReader {
    /// Keys that name a source.
    private static let keys = ["json", "header", "body"]
    /// The forms of a source, for messages.
    static let forms = "{json: /pointer}, {header: name} or {body: text}"

    /// Whether a mapping names a source, valid or not.
    static func isNamed(in mapping: YAMLMapping) -> Bool { keys.contains(where: mapping.has) }

    static func read(_ node: YAMLNode) -> ValueSource? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        if let source = read(in: mapping) { return source }
        if !isNamed(in: mapping) { node.fault("must be \(forms)") }
        return nil
    }

    /// Takes the single source that a mapping names among its other keys.
    static func read(in mapping: YAMLMapping) -> ValueSource? {
        let json = mapping.take("json")
        let header = mapping.take("header")
        let body = mapping.take("body")
        let html = mapping.take("html")
        if [json, header, body].compactMap({ $0 }).count > 1 { mapping.place.fault("names more than one source") }
        if let html, body == nil { html.fault("applies only to body: text") }
        if let json {
            let text = json.isNull ? "" : json.string() ?? ""
            if let pointer = JSONPointer(text) { return .json(pointer) }
            json.fault("is not a JSON Pointer (RFC 6901), such as /data/token")
        } else if let header, let text = header.string() {
            if let name = HTTPField.Name(text) { return .header(name) }
            header.fault("is not a field name (RFC 9110 §5.1)")
        } else if let body, let text = body.string() {
            if text == "text" { return .body(allowsHTML: html?.bool() ?? false) }
            body.fault("must be the word text")
        }
        return nil
    }
}
