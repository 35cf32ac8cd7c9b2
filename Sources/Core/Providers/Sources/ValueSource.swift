package import HTTPTypes
package import JSON
package import Patterns
package import XML

/// A place where a value is read: in an answer, or among a login's own values.
package struct ValueSource: Sendable, Hashable, CustomStringConvertible {
    package enum Place: Sendable, Hashable {
        case json(JSONPointer)
        /// A field of a form-encoded answer.
        case form(String)
        case header(HTTPField.Name)
        /// A cookie's value.
        case cookie(String)
        /// All cookies as `name=value`, joined by `; `.
        case allCookies
        /// An element's text, or an attribute.
        case xml(XMLPath)
        /// The body as one value: trimmed of white space, or decoded if it is a JSON string. text/html is no value unless it is allowed.
        case body(allowsHTML: Bool)
        /// The unmodified body, for tests.
        case text
        /// An input, a derived value or a kept value.
        case value(String)
    }

    package var place: Place
    /// The answer of an earlier request of the login, from 0; nil: the answer that is being read.
    package var step: Int?
    /// A pattern whose one group is the value.
    package var pattern: Pattern?

    package init(_ place: Place, step: Int? = nil, pattern: Pattern? = nil) {
        self.place = place
        self.step = step
        self.pattern = pattern
    }

    package var description: String {
        let name =
            switch place {
            case .json(let pointer): pointer.tokens.isEmpty ? "the JSON text" : "\(pointer)"
            case .form(let name): "form field \(name)"
            case .header(let name): "header \(name)"
            case .cookie(let name): "cookie \(name)"
            case .allCookies: "cookies"
            case .xml(let path): "\(path)"
            case .body: "the body"
            case .text: "the text"
            case .value(let name): "{\(name)}"
            }
        return name + (step.map { " of step \($0)" } ?? "") + (pattern.map { " by \"\($0.text)\"" } ?? "")
    }
}
