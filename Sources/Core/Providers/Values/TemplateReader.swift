import JSON
import YAML

/// Reads templates; every `{name}` in them must be one that has a value at their place.
struct TemplateReader {
    /// Nil: any name, which is checked elsewhere.
    let scope: NameScope?
    /// Whether a template with an absent value is left out, whatever else it names (`use`).
    var allowsAbsent = false

    /// - Parameter mayBeAbsent: whether what the template stands for is left out where its only name has no value.
    func template(_ node: YAMLNode, mayBeAbsent: Bool = false) -> Template? {
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

    func json(_ node: YAMLNode) -> JSONTemplate {
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

    func check(_ template: Template, at node: YAMLNode, mayBeAbsent: Bool = false) {
        guard let scope else { return }
        for name in Set(template.names).sorted() {
            guard let known = scope[name] else {
                node.fault("{\(name)} is not known here; known: \(scope.known)")
                continue
            }
            if known.mayBeAbsent, !allowsAbsent, !mayBeAbsent || Set(template.names).count > 1 {
                node.fault(
                    "{\(name)} may have no value, so it must be the only name in a header, query pair, form field, JSON member or element, which is left out without it"
                )
            }
        }
    }
}
