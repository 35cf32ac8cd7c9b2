import JSON

/// What the reference says about a route: shapes, statuses and an example. Every endpoint has one.
struct RouteDescription {
    struct Parameter {
        var name: String
        var text: String
        var schema: JSONValue
    }

    struct Success {
        var status = 200
        var text: String
        var mediaType: String?
        /// The name of a schema; nil: text.
        var schema: String?
    }

    var summary: String
    var text = ""
    var query: [Parameter] = []
    /// The schema of the request's body.
    var body: String?
    var successes: [Success]
    /// Problems beyond those that every request can have.
    var problems: [ProblemKind] = []

    /// Problems of a request to any route.
    static let everywhere: [ProblemKind] = [
        .badRequest, .forwardedRequest, .invalidParameter, .wrongHost, .requestTimeout, .payloadTooLarge, .targetTooLong, .expectationFailed,
        .headersTooLarge, .methodNotImplemented, .versionNotSupported, .methodNotAllowed, .shuttingDown,
    ]
    /// Problems of a request that a caller must be known for.
    static let ofCallers: [ProblemKind] = [.unauthenticated, .forbidden, .browserRequest, .tooManyRequests]
    /// Problems of a token that is not there.
    private static let ofTokens: [ProblemKind] = [
        .tokenPending, .minValidNotMet, .partnerUnavailable, .partnerThrottled, .partnerTimeout, .badPartnerReply, .credentialsRejected,
        .loginRefused, .loginBudgetExhausted, .tokenHeld, .minValidUnreachable,
    ]

    private static let minValid = Parameter(
        name: "min_valid", text: "The least remaining life wanted, in seconds.",
        schema: .object(["type": "integer", "minimum": 0, "maximum": 34_560_000, "example": 60]))
    private static let wait = Parameter(
        name: "wait", text: "How long to wait for a usable token, in seconds; with If-None-Match, for another one.",
        schema: .object(["type": "integer", "minimum": 0, "maximum": 30, "default": 5, "example": 5]))

    private static func json(_ text: String, _ schema: String, status: Int = 200) -> Success {
        Success(status: status, text: text, mediaType: "application/json", schema: schema)
    }

    private static func plain(_ text: String) -> Success { Success(text: text, mediaType: "text/plain") }

    init(
        _ summary: String, _ text: String = "", query: [Parameter] = [], body: String? = nil, answers: [Success], problems: [ProblemKind] = []
    ) {
        self.summary = summary
        self.text = text
        self.query = query
        self.body = body
        successes = answers
        self.problems = problems
    }

    init(_ endpoint: Endpoint) {
        switch endpoint {
        case .token, .tokenHeaders: self = Self.serving(endpoint)
        case .oauth2Token, .oauth2Metadata: self = Self.facade(endpoint)
        case .listTokens, .tokenStatus, .tokenHistory, .overview: self = Self.showing(endpoint)
        case .refreshToken, .reportRejection, .callAction, .pauseToken, .resumeToken, .revokeToken, .grantToken, .reload: self = Self.acting(endpoint)
        case .live, .ready, .readyToken, .metrics, .problemText, .description, .page: self = Self.watching(endpoint)
        }
    }

    private static func serving(_ endpoint: Endpoint) -> RouteDescription {
        let unchanged = Success(status: 304, text: "If-None-Match names the current token.")
        if endpoint == .tokenHeaders {
            let headers = Success(text: "No body; the request headers to send to the partner, as response headers.")
            return RouteDescription(
                "The headers of a request to the partner", "For the authorization requests of reverse proxies.", query: [minValid, wait],
                answers: [headers, unchanged], problems: ofTokens + [.preconditionFailed])
        }
        let text = "With `Accept: text/plain` the bare token and a newline. Other parameters of the query are the token's per-request inputs."
        return RouteDescription(
            "The current token", text, query: [minValid, wait],
            answers: [json("The token, and all that a request to the partner needs.", "Token"), unchanged], problems: ofTokens + [.preconditionFailed]
        )
    }

    private static func facade(_ endpoint: Endpoint) -> RouteDescription {
        if endpoint == .oauth2Metadata {
            return RouteDescription("Metadata of the OAuth2 facade (RFC 8414)", answers: [json("Its endpoints.", "ServerMetadata")])
        }
        return RouteDescription(
            "An access token for stock OAuth2 clients (RFC 6749 §4.4)",
            """
            Client id and secret are a client's name and key, by Basic or in the body; the token is named by the path or by `scope`. \
            Errors have the form of RFC 6749 §5.2.
            """,
            body: "TokenRequest", answers: [json("The token.", "AccessToken")])
    }

    private static func showing(_ endpoint: Endpoint) -> RouteDescription {
        switch endpoint {
        case .listTokens:
            RouteDescription(
                "The tokens this caller may use", "Never their values.", answers: [json("Each token with its state and times.", "TokenList")])
        case .tokenStatus:
            RouteDescription(
                "Why the next refresh is when it is", answers: [json("The state of one token.", "TokenStatus")], problems: [.loginBudgetExhausted])
        case .overview:
            RouteDescription(
                "All that an operator sees", "What the status page and the live table read; no token's value.",
                query: [
                    Parameter(
                        name: "limit", text: "The most tokens listed, those in trouble first.",
                        schema: .object(["type": "integer", "minimum": 0, "maximum": 100_000, "default": 500, "example": 500]))
                ], answers: [json("Tokens, logins, callers, store and build.", "Overview")])
        default:
            RouteDescription("Past logins, newest first", answers: [json("At most 1,000 logins.", "History")], problems: [.noHistory])
        }
    }

    private static func acting(_ endpoint: Endpoint) -> RouteDescription {
        let status = json("The state of the token.", "TokenStatus")
        switch endpoint {
        case .refreshToken:
            return RouteDescription(
                "Log in again now", "Joins a login in flight, and answers when it has ended, after 10 s at most.", answers: [status],
                problems: ofTokens.filter { $0 != .minValidNotMet && $0 != .minValidUnreachable })
        case .reportRejection:
            return RouteDescription(
                "Report that the partner refused a token", body: "Rejection", answers: [json("What is done about it.", "RejectionAction")])
        case .callAction:
            return RouteDescription(
                "Run an action of the provider, once", body: "ActionInputs", answers: [json("The partner's answer.", "ActionAnswer")],
                problems: [.actionFailed, .notFound])
        case .pauseToken: return RouteDescription("Make no logins of the token", "Until resume, also after a restart.", answers: [status])
        case .grantToken:
            return RouteDescription(
                "Take the refresh token of a person's login", "Logs in with it, and answers when that has ended, after 10 s at most.", body: "Grant",
                answers: [status], problems: ofTokens.filter { $0 != .minValidNotMet && $0 != .minValidUnreachable } + [.notFound])
        case .resumeToken: return RouteDescription("Take pause or revoke back", answers: [status])
        case .revokeToken:
            return RouteDescription(
                "Give the token up", "Makes the provider's `logout` with it, and no logins until resume.",
                answers: [json("What became of the session at the partner.", "Logout")])
        default:
            return RouteDescription(
                "Reload configuration and secrets", answers: [json("It was applied, with these warnings.", "Reload")], problems: [.reloadRefused])
        }
    }

    private static func watching(_ endpoint: Endpoint) -> RouteDescription {
        switch endpoint {
        case .live: RouteDescription("Whether the event loops turn", answers: [plain("They do.")])
        case .ready:
            RouteDescription(
                "Whether every required token is usable", "Known callers get the names of those that are not.", answers: [plain("They are.")],
                problems: [.notReady])
        case .readyToken: RouteDescription("Whether one token is usable", answers: [plain("It is.")], problems: [.notReady])
        case .metrics:
            RouteDescription(
                "Metrics", "OpenMetrics 1.0.0 where Accept prefers it, else Prometheus text 0.0.4.", answers: [plain("Families with HELP and TYPE.")])
        case .description:
            RouteDescription("This description", answers: [Success(text: "OpenAPI 3.1.", mediaType: "application/json", schema: "Description")])
        case .page:
            RouteDescription("The status page", "For people; it reads `/v1/overview`.", answers: [Success(text: "The page.", mediaType: "text/html")])
        default: RouteDescription("What a problem means and what to do", answers: [plain("The problem in words.")], problems: [.notFound])
        }
    }
}
