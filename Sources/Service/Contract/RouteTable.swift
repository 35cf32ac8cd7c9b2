/// What a route does; its raw value names it in metrics and in the audit.
package enum Endpoint: String, Sendable, CaseIterable {
    case listTokens = "list"
    case token
    case tokenHeaders = "headers"
    case tokenStatus = "status"
    case tokenHistory = "history"
    case refreshToken = "refresh"
    case reportRejection = "rejection"
    case callAction = "action"
    case reload
    case live = "livez"
    case ready = "readyz"
    case readyToken = "readyz_token"
    case metrics
    case problemText = "problem"

    /// Whether each use of it is a line of the audit, not its refusals alone.
    package var isAudited: Bool {
        switch self {
        case .token, .tokenHeaders, .refreshToken, .reportRejection, .callAction, .reload: true
        case .listTokens, .tokenStatus, .tokenHistory, .live, .ready, .readyToken, .metrics, .problemText: false
        }
    }
}

/// Who may use a route.
package enum RoutePermission: Sendable, Equatable {
    /// Anybody.
    case open
    /// Every known caller; a stranger where `strangersToo` gets a shorter answer.
    case known(strangersToo: Bool)
    /// Every known caller, and a stranger where the configuration opens the metrics.
    case metrics
    /// A caller with this permission on the token the path names.
    case read, refresh
    case admin
}

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

    init(_ method: Method, _ path: String, _ permission: RoutePermission, servesToken: Bool = false, _ endpoint: Endpoint) {
        self.method = method
        pattern = path.split(separator: "/").map(String.init)
        self.permission = permission
        self.servesToken = servesToken
        self.endpoint = endpoint
    }
}

/// Every route there is, on one screen.
package enum RouteTable {
    package static let routes: [Route] = [
        Route(.get, "/v1/tokens", .known(strangersToo: false), .listTokens),
        Route(.get, "/v1/tokens/:token", .read, servesToken: true, .token),
        Route(.get, "/v1/tokens/:token/headers", .read, servesToken: true, .tokenHeaders),
        Route(.get, "/v1/tokens/:token/status", .read, .tokenStatus),
        Route(.get, "/v1/tokens/:token/history", .admin, .tokenHistory),
        Route(.post, "/v1/tokens/:token/refresh", .refresh, .refreshToken),
        Route(.post, "/v1/tokens/:token/rejections", .read, .reportRejection),
        Route(.post, "/v1/tokens/:token/actions/:action", .admin, .callAction),
        Route(.post, "/v1/reload", .admin, .reload),
        Route(.get, "/livez", .open, .live),
        Route(.get, "/readyz", .known(strangersToo: true), .ready),
        Route(.get, "/readyz/:token", .read, .readyToken),
        Route(.get, "/metrics", .metrics, .metrics),
        Route(.get, "/problems/:slug", .open, .problemText),
    ]

    package enum Match: Sendable {
        case route(Route, parameters: [String: String])
        /// A known path with another method; `Allow` for it.
        case otherMethod(allow: String)
        case none
    }

    /// - Parameters:
    ///   - method: as it came; HEAD is GET here.
    ///   - segments: of the path, percent-decoded.
    package static func match(method: String, segments: [String]) -> Match {
        let candidates = routes.compactMap { route in parameters(of: segments, for: route.pattern).map { (route, $0) } }
        guard !candidates.isEmpty else { return .none }
        if let (route, parameters) = candidates.first(where: { $0.0.method.rawValue == (method == "HEAD" ? "GET" : method) }) {
            return .route(route, parameters: parameters)
        }
        return .otherMethod(allow: candidates.map { $0.0.method == .get ? "GET, HEAD" : "POST" }.joined(separator: ", "))
    }

    private static func parameters(of segments: [String], for pattern: [String]) -> [String: String]? {
        guard segments.count == pattern.count else { return nil }
        var parameters: [String: String] = [:]
        for (segment, part) in zip(segments, pattern) {
            if part.hasPrefix(":") { parameters[String(part.dropFirst())] = segment } else if part != segment { return nil }
        }
        return parameters
    }
}
