/// The table of all routes.
package enum RouteTable {
    package static let routes: [Route] = [
        Route(.get, "/v1/tokens", .known(strangersToo: false), .listTokens),
        Route.token,
        Route.tokenHeaders,
        Route(.get, "/v1/tokens/:token/status", .read, .tokenStatus),
        Route(.get, "/v1/tokens/:token/history", .admin, .tokenHistory),
        Route(.post, "/v1/tokens/:token/refresh", .refresh, .refreshToken),
        Route(.post, "/v1/tokens/:token/rejections", .read, .reportRejection),
        Route(.post, "/v1/tokens/:token/actions/:action", .admin, .callAction),
        Route(.post, "/v1/tokens/:token/pause", .admin, .pauseToken),
        Route(.post, "/v1/tokens/:token/resume", .admin, .resumeToken),
        Route(.post, "/v1/tokens/:token/revoke", .admin, .revokeToken),
        Route(.post, "/v1/tokens/:token/grant", .admin, .grantToken),
        Route(.post, "/v1/reload", .admin, .reload),
        Route(.get, "/v1/overview", .admin, .overview),
        Route(.get, "/livez", .open, .live),
        Route(.get, "/readyz", .known(strangersToo: true), .ready),
        Route(.get, "/readyz/:token", .read, .readyToken),
        Route(.get, "/metrics", .metrics, .metrics),
        Route(.get, "/problems/:slug", .open, .problemText),
        Route(.get, "/openapi.json", .open, .description),
        Route(.get, "/", .open, .page),
        Route(.post, "/oauth2/token", .oauth2, servesToken: true, .oauth2Token),
        Route(.post, "/oauth2/:token/token", .oauth2, servesToken: true, .oauth2Token),
        Route(.get, "/.well-known/oauth-authorization-server", .open, .oauth2Metadata),
    ]

    package enum Match: Sendable {
        case route(Route, parameters: [String: String])
        /// A known path with another method, and the value of `Allow` for the path.
        case otherMethod(allow: String)
        case none
    }

    /// - Parameters:
    ///   - method: the method as received; HEAD matches GET.
    ///   - segments: the segments of the path, percent-decoded.
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
