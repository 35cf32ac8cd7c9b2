package struct Route: Sendable {
    package enum Method: String, Sendable { case get = "GET", post = "POST" }

    package let method: Method
    /// Segments; one that begins with ":" is a parameter.
    package let pattern: [String]
    package let permission: RoutePermission
    /// Whether the answer holds a token's value: browsers are then refused whatever they say.
    package let servesToken: Bool
    package let endpoint: Endpoint

    /// Whether strangers are answered too.
    package var isOpen: Bool { permission == .open || permission == .known(strangersToo: true) }

    /// `GET /v1/tokens/{name}`, which is answered from rendered bytes where it can be.
    package static let token = Route(.get, "/v1/tokens/:token", .read, servesToken: true, .token)

    init(_ method: Method, _ path: String, _ permission: RoutePermission, servesToken: Bool = false, _ endpoint: Endpoint) {
        self.method = method
        pattern = path.split(separator: "/").map(String.init)
        self.permission = permission
        self.servesToken = servesToken
        self.endpoint = endpoint
    }
}
