package import HTTPTypes
package import JSON
import Time

/// Where a value stands in an answer.
package enum ValueSource: Sendable, Hashable, CustomStringConvertible {
    case json(JSONPointer)
    case header(HTTPField.Name)
    /// The body as a token: white space at its ends dropped, one level of JSON string undone, text/html refused.
    case body
    /// The body as it came, for tests.
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
