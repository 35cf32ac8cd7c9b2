/// Every kind of problem; its raw value is the slug of its type.
package enum ProblemKind: String, Sendable, CaseIterable {
    case tokenPending = "token-pending"
    case minValidNotMet = "min-valid-not-met"
    case partnerUnavailable = "partner-unavailable"
    case partnerThrottled = "partner-throttled"
    case partnerTimeout = "partner-timeout"
    case badPartnerReply = "bad-partner-reply"
    case credentialsRejected = "credentials-rejected"
    case loginRefused = "login-refused"
    case loginBudgetExhausted = "login-budget-exhausted"
    case tokenHeld = "token-held"
    case minValidUnreachable = "min-valid-unreachable"
    case invalidParameter = "invalid-parameter"
    case badRequest = "bad-request"
    case unauthenticated
    case forbidden
    case forwardedRequest = "forwarded-request"
    case wrongHost = "wrong-host"
    case browserRequest = "browser-request"
    case tooManyRequests = "too-many-requests"
    case notFound = "not-found"
    case methodNotAllowed = "method-not-allowed"
    case preconditionFailed = "precondition-failed"
    case payloadTooLarge = "payload-too-large"
    case targetTooLong = "target-too-long"
    case headersTooLarge = "headers-too-large"
    case requestTimeout = "request-timeout"
    case expectationFailed = "expectation-failed"
    case methodNotImplemented = "method-not-implemented"
    case versionNotSupported = "http-version-not-supported"
    case notReady = "not-ready"
    case reloadRefused = "reload-refused"
    case actionFailed = "action-failed"
    case noHistory = "no-history"
    case invalidScope = "invalid-scope"
    case unsupportedGrant = "unsupported-grant"
    case shuttingDown = "shutting-down"

    package var status: Int { text.status }
    package var title: String { text.title }
    /// What the problem means and what to do, for `/problems/{slug}`.
    package var help: String { text.help }

    /// Whether the caller was refused, rather than its request.
    package var isRefusal: Bool { [401, 403, 429].contains(status) }

    /// Whether the same request may succeed later without any change.
    package var isRetryable: Bool {
        switch self {
        case .tokenPending, .minValidNotMet, .partnerUnavailable, .partnerThrottled, .partnerTimeout, .badPartnerReply, .loginRefused,
            .loginBudgetExhausted, .tokenHeld, .tooManyRequests, .requestTimeout, .shuttingDown, .notReady:
            true
        default: false
        }
    }

    private var text: (status: Int, title: String, help: String) { tokenText ?? requestText }

    /// The problems of a token that is not there.
    private var tokenText: (status: Int, title: String, help: String)? {
        switch self {
        case .tokenPending: (503, "No token yet", "The first login is still running. Ask again after Retry-After, or with a longer wait.")
        case .minValidNotMet:
            (
                503, "Less lifetime left than min_valid",
                "The current token is valid for less than min_valid, and no new one arrived in time. Ask again, or lower min_valid."
            )
        case .partnerUnavailable:
            (
                503, "The partner cannot be reached",
                "Logins fail for a temporary reason and no valid token is left. They are retried automatically; tokenbroker status shows why."
            )
        case .partnerThrottled:
            (503, "The partner asked for a pause", "The partner reports too many logins. The next one follows after the pause it asked for.")
        case .partnerTimeout:
            (504, "The partner did not answer in time", "The login timed out and no valid token is left. It is retried automatically.")
        case .badPartnerReply:
            (
                502, "The partner's answer could not be understood",
                "The answer does not match the provider's definition. tokenbroker status names what was missing; check --login shows the exchange."
            )
        case .credentialsRejected:
            (
                502, "The partner refused the credentials",
                "Install the right secret and reload. Until then logins are tried only rarely, so that the account is not locked."
            )
        case .loginRefused:
            (
                503, "The partner refused the login",
                "The partner refuses for a reason other than the credentials; tokenbroker status shows its message. Retried automatically."
            )
        case .loginBudgetExhausted:
            (503, "The cap on logins was reached", "The hourly limit on new tokens was reached: they are used up faster than they expire.")
        case .tokenHeld:
            (503, "The token is paused or revoked", "An operator holds the logins of this token: tokenbroker resume NAME makes them again.")
        case .minValidUnreachable:
            (409, "min_valid exceeds the longest lifetime", "This partner's tokens never live that long. Ask with a smaller min_valid.")
        default: nil
        }
    }

    /// The problems of a request.
    private var requestText: (status: Int, title: String, help: String) {
        switch self {
        case .invalidParameter: (400, "A parameter is invalid", "The detail names the parameter and what is valid.")
        case .badRequest: (400, "The request is malformed", "The message does not follow RFC 9112; the connection was closed.")
        case .unauthenticated: (401, "Missing or wrong key", "Send the client key: Authorization: Bearer KEY. tokenbroker client add creates one.")
        case .forbidden: (403, "Not allowed", "This caller may not do that with this token, or there is no such token.")
        case .forwardedRequest: (400, "Forwarded request", "The request came through a proxy. The broker serves only local programs.")
        case .wrongHost: (421, "Wrong host", "The Host field does not name this machine. Use 127.0.0.1, [::1] or localhost.")
        case .browserRequest: (403, "Request from a browser", "Tokens are not handed to web pages.")
        case .tooManyRequests: (429, "Too many requests", "A limit was reached; the detail says which. Ask again after Retry-After.")
        case .notFound: (404, "No such resource", "GET /v1/tokens lists the tokens.")
        case .methodNotAllowed: (405, "Method not allowed", "The Allow field lists the methods of this resource.")
        case .preconditionFailed:
            (412, "The precondition failed", "If-Match names no tag of the token: its tags are weak, and only If-Match: * can hold.")
        case .targetTooLong: (414, "The target is too long", "The limit is limits.header in the configuration.")
        case .methodNotImplemented: (501, "Unknown method", "The methods are GET, HEAD and POST.")
        case .payloadTooLarge: (413, "The body is too large", "The limit is limits.body in the configuration.")
        case .headersTooLarge: (431, "The header is too large", "The limits are limits.header and limits.header_fields in the configuration.")
        case .requestTimeout:
            (408, "The request arrived too slowly", "The limits are limits.header_time and limits.request_time in the configuration.")
        case .expectationFailed: (417, "Unknown expectation", "Send no Expect field, or 100-continue.")
        case .versionNotSupported: (505, "HTTP version not supported", "Use HTTP/1.1.")
        case .notReady: (503, "Not ready", "A required token is not usable. tokenbroker status shows which and why.")
        case .reloadRefused: (409, "The configuration is faulty", "Nothing was changed. The faults are listed with file, line and column.")
        case .actionFailed: (502, "The action failed", "The partner did not carry out the action. It is never retried automatically.")
        case .noHistory:
            (404, "No history", "Only the store keeps past logins: configure store: {sqlite: /path}, or see the log for why it is unusable.")
        case .invalidScope:
            (400, "No such scope", "The scope is the name of one token that this client may use and that is sent as Authorization: Bearer.")
        case .unsupportedGrant: (400, "Unsupported grant", "The only grant of the OAuth2 facade is client_credentials.")
        case .shuttingDown: (503, "Stopping", "The daemon is stopping. Ask again in a moment.")
        default: (500, rawValue, "")  // `tokenText` has it
        }
    }
}
