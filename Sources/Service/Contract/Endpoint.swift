/// The operation of a route; its raw value names it in metrics and in the audit.
package enum Endpoint: String, Sendable, CaseIterable {
    case listTokens = "list"
    case token
    case tokenHeaders = "headers"
    case tokenStatus = "status"
    case tokenHistory = "history"
    case refreshToken = "refresh"
    case reportRejection = "rejection"
    case callAction = "action"
    case pauseToken = "pause"
    case resumeToken = "resume"
    case revokeToken = "revoke"
    case grantToken = "grant"
    case reload
    case live = "livez"
    case ready = "readyz"
    case readyToken = "readyz_token"
    case metrics
    case problemText = "problem"
    case description = "openapi"
    case overview
    case page
    case oauth2Token = "oauth2_token"
    case oauth2Metadata = "oauth2_metadata"

    /// Whether errors are those of RFC 6749.
    package var isFacade: Bool { self == .oauth2Token }

    /// Whether it does nothing but wait for a token, so that it ends with its connection.
    package var onlyWaits: Bool {
        switch self {
        case .token, .tokenHeaders, .refreshToken, .oauth2Token: true
        case .listTokens, .tokenStatus, .tokenHistory, .reportRejection, .callAction, .pauseToken, .resumeToken, .revokeToken, .grantToken, .reload,
            .live, .ready, .readyToken, .metrics, .problemText, .description, .overview, .page, .oauth2Metadata:
            false
        }
    }

    /// Whether a large answer may be compressed: never one that holds a token, whose size would tell of its bytes.
    package var mayCompress: Bool {
        switch self {
        case .listTokens, .tokenHistory, .metrics, .description, .overview, .page: true
        case .token, .tokenHeaders, .tokenStatus, .refreshToken, .reportRejection, .callAction, .pauseToken, .resumeToken, .revokeToken, .grantToken,
            .reload,
            .live, .ready, .readyToken, .problemText, .oauth2Token, .oauth2Metadata:
            false
        }
    }

    /// Whether every use of it is audited, not only its refusals.
    package var isAudited: Bool {
        switch self {
        case .token, .tokenHeaders, .refreshToken, .reportRejection, .callAction, .pauseToken, .resumeToken, .revokeToken, .grantToken, .reload,
            .oauth2Token:
            true
        case .listTokens, .tokenStatus, .tokenHistory, .live, .ready, .readyToken, .metrics, .problemText, .description, .overview, .page,
            .oauth2Metadata:
            false
        }
    }
}
