package import HTTPTypes
package import JSON

/// The source of a value in an answer.
package enum ValueSource: Sendable, Hashable, CustomStringConvertible {
    case json(JSONPointer)
    case header(HTTPField.Name)
    /// The body as one value: trimmed of white space, or decoded if it is a JSON string. text/html is no value unless it is allowed.
    case body(allowsHTML: Bool)
    /// The unmodified body, for tests.
    case text

    package var description: String {
        switch self {
        case .json(let pointer): pointer.tokens.isEmpty ? "the JSON text" : "\(pointer)"
        case .header(let name): "header \(name)"
        case .body: "the body"
        case .text: "the text"
        }
    }
}
