package import HTTPTypes

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
