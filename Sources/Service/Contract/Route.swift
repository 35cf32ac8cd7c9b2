/// A method and path, the operation they request, and who may request it.
package final class Route: Sendable {
    package enum Method: String, Sendable { case get = "GET", post = "POST" }

    package let method: Method
    /// The segments of the path; a segment that begins with ":" is a parameter.
    package let pattern: [String]
    package let permission: RoutePermission
    /// Whether the response contains a token's value; browsers are then refused, whatever their fields say.
    package let servesToken: Bool
    package let endpoint: Endpoint

    /// Whether unknown callers are answered too.
    package let isOpen: Bool

    /// `GET /v1/tokens/{name}`, which is answered from rendered bytes where possible.
    package static let token = Route(.get, "/v1/tokens/:token", .read, servesToken: true, .token)

    /// `GET /v1/tokens/{name}/headers`, likewise.
    package static let tokenHeaders = Route(.get, "/v1/tokens/:token/headers", .read, servesToken: true, .tokenHeaders)

    init(_ method: Method, _ path: String, _ permission: RoutePermission, servesToken: Bool = false, _ endpoint: Endpoint) {
        self.method = method
        pattern = path.split(separator: "/").map(String.init)
        self.permission = permission
        isOpen = permission == .open || permission == .known(strangersToo: true)
        self.servesToken = servesToken
        self.endpoint = endpoint
    }
}
