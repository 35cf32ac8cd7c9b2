/// What is asked for by one method and path, and by whom.
package final class Route: Sendable {
    package enum Method: String, Sendable { case get = "GET", post = "POST" }

    package let method: Method
    /// Segments; one that begins with ":" is a parameter.
    package let pattern: [String]
    package let permission: RoutePermission
    /// Whether the answer holds a token's value: browsers are then refused whatever they say.
    package let servesToken: Bool
    package let endpoint: Endpoint

    /// Whether strangers are answered too.
    package let isOpen: Bool

    /// `GET /v1/tokens/{name}`, which is answered from rendered bytes where it can be.
    package static let token = Route(.get, "/v1/tokens/:token", .read, servesToken: true, .token)

    init(_ method: Method, _ path: String, _ permission: RoutePermission, servesToken: Bool = false, _ endpoint: Endpoint) {
        self.method = method
        pattern = path.split(separator: "/").map(String.init)
        self.permission = permission
        isOpen = permission == .open || permission == .known(strangersToo: true)
        self.servesToken = servesToken
        self.endpoint = endpoint
    }
}
