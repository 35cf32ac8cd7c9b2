/// Every problem there is; its raw value is the slug of its type.
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
    case payloadTooLarge = "payload-too-large"
    case headersTooLarge = "headers-too-large"
    case requestTimeout = "request-timeout"
    case expectationFailed = "expectation-failed"
    case versionNotSupported = "http-version-not-supported"
    case notReady = "not-ready"
    case reloadRefused = "reload-refused"
    case actionFailed = "action-failed"
    case noHistory = "no-history"
    case shuttingDown = "shutting-down"

    package var status: Int { text.status }
    package var title: String { text.title }
    /// What it means and what to do, for `/problems/{slug}`.
    package var help: String { text.help }

    /// Whether the same request may succeed later without anybody changing anything.
    package var isRetryable: Bool {
        switch self {
        case .tokenPending, .minValidNotMet, .partnerUnavailable, .partnerThrottled, .partnerTimeout, .badPartnerReply, .loginRefused,
            .loginBudgetExhausted, .tooManyRequests, .requestTimeout, .shuttingDown, .notReady:
            true
        default: false
        }
    }

    private var text: (status: Int, title: String, help: String) {
        switch self {
        case .tokenPending: (503, "No token yet", "The first login is still running. Ask again after Retry-After, or with a longer wait.")
        case .minValidNotMet:
            (
                503, "Less life left than asked for",
                "A valid token is there, with less life than min_valid, and no new one came in time. Ask again, or ask for less."
            )
        case .partnerUnavailable:
            (
                503, "The partner cannot be reached",
                "Logins fail for a passing reason and no valid token is left. They go on by themselves; tokenbroker status tells why."
            )
        case .partnerThrottled:
            (503, "The partner asked for a pause", "Too many logins, says the partner. The next one is made after the pause it asked for.")
        case .partnerTimeout:
            (504, "The partner did not answer in time", "The login timed out and no valid token is left. It is tried again by itself.")
        case .badPartnerReply:
            (
                502, "The partner's answer could not be understood",
                "The answer is not what the provider's definition describes. tokenbroker status names what was missing; check --login shows the exchange."
            )
        case .credentialsRejected:
            (
                502, "The partner refused the credentials",
                "Put the right secret in place and reload. Until then the login is tried only now and then, so that the account is not locked."
            )
        case .loginRefused:
            (
                503, "The partner refused the login",
                "The partner refuses for a reason other than the credentials; tokenbroker status has its words. Tried again by itself."
            )
        case .loginBudgetExhausted:
            (
                503, "The cap on logins was reached",
                "As many new tokens were fetched as an hour allows. Something consumes them faster than they live."
            )
        case .minValidUnreachable:
            (409, "More life asked than there ever is", "This partner's tokens never live that long. Ask with a smaller min_valid.")
        case .invalidParameter: (400, "A parameter is wrong", "The detail names the parameter and what would be right.")
        case .badRequest: (400, "The request is malformed", "The message does not follow RFC 9112; the connection was closed.")
        case .unauthenticated: (401, "No or wrong key", "Send the client key: Authorization: Bearer KEY. tokenbroker client add makes one.")
        case .forbidden: (403, "Not allowed", "This caller may not do that with this token, or there is no such token.")
        case .forwardedRequest: (400, "A forwarded request", "The request came through a proxy. The broker serves local programs alone.")
        case .wrongHost: (421, "Another host's name", "The Host field does not name this machine. Use 127.0.0.1, [::1] or localhost.")
        case .browserRequest: (403, "A browser's request", "Tokens are not handed to web pages.")
        case .tooManyRequests: (429, "Too many requests", "A limit was reached; the detail says which. Ask again after Retry-After.")
        case .notFound: (404, "No such resource", "GET /v1/tokens lists what there is.")
        case .methodNotAllowed: (405, "Another method", "The Allow field lists the methods of this resource.")
        case .payloadTooLarge: (413, "The body is too large", "limits.body in the configuration is the bound.")
        case .headersTooLarge: (431, "The header is too large", "limits.header and limits.header_fields in the configuration are the bounds.")
        case .requestTimeout: (408, "The request came too slowly", "limits.header_time and limits.request_time in the configuration are the bounds.")
        case .expectationFailed: (417, "Unknown expectation", "Send no Expect field, or 100-continue.")
        case .versionNotSupported: (505, "Another HTTP version", "Use HTTP/1.1.")
        case .notReady: (503, "Not ready", "A required token is not usable. tokenbroker status tells which and why.")
        case .reloadRefused: (409, "The configuration is faulty", "Nothing was changed. The faults are listed with file, line and column.")
        case .actionFailed: (502, "The action failed", "The partner did not carry out the action. It is never repeated by itself.")
        case .noHistory:
            (404, "No history", "Past logins are kept by the store alone: configure store: {sqlite: /path}, or see the log why it cannot be used.")
        case .shuttingDown: (503, "Stopping", "The daemon is stopping. Ask again in a moment.")
        }
    }
}
