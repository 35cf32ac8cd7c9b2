/// A JSON document with templates in place of strings.
package indirect enum JSONTemplate: Sendable, Hashable {
    case object([Member])
    case array([JSONTemplate])
    case string(Template)
    /// A number, `true`, `false` or `null`.
    case literal(String)

    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: JSONTemplate
    }

    /// As JSON text, with placeholders in place of values.
    package var text: String {
        switch self {
        case .object(let members): "{" + members.map { "\"\($0.name)\": \($0.value.text)" }.joined(separator: ", ") + "}"
        case .array(let elements): "[" + elements.map(\.text).joined(separator: ", ") + "]"
        case .string(let template): "\"\(template.text)\""
        case .literal(let text): text
        }
    }

    /// Names in its templates.
    package var names: [String] {
        switch self {
        case .object(let members): members.flatMap(\.value.names)
        case .array(let elements): elements.flatMap(\.names)
        case .string(let text): text.names
        case .literal: []
        }
    }
}
