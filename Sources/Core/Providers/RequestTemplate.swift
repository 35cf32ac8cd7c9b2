package import HTTPTypes
import JSON
import Time

/// A request whose parts are templates, and how its answer is read.
package struct RequestTemplate: Sendable, Hashable {
    package var method: HTTPRequest.Method
    package var url: URLTemplate
    package var headers: [HeaderTemplate] = []
    package var body = BodyTemplate.none
    package var success = SuccessRule()
    /// Values that later requests, `use` and callers can name.
    package var keep: [KeptValue] = []
}

/// A header with a template as its value.
package struct HeaderTemplate: Sendable, Hashable {
    package var name: HTTPField.Name
    package var value: Template
}

/// A query pair or form field.
package struct PairTemplate: Sendable, Hashable {
    package var name: String
    package var value: Template
}
