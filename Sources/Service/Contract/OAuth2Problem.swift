import JSON
package import LocalHTTP
import Time

/// Problems as the OAuth2 facade answers them (RFC 6749 §5.2).
extension Problem {
    /// The error response: JSON with `error`, and 401 with a challenge for a wrong client.
    package func oauth2Response(requestID: String) -> Response {
        let (status, code) = oauth2Error
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("error"); writer.string(code)
        // Printable ASCII without quotes and backslashes (RFC 6749 §5.2).
        let text = detail.replacing("…", with: "...").unicodeScalars.map {
            (0x20...0x7E).contains($0.value) && $0 != "\"" && $0 != "\\" ? Character($0) : " "
        }
        writer.name("error_description"); writer.string("\(String(text)) (request \(requestID))")
        writer.name("error_uri"); writer.string("/problems/\(kind.rawValue)")
        writer.endObject()
        var fields = CommonFields.all + [("Content-Type", "application/json"), ("Pragma", "no-cache")] + self.fields
        if status == 401 { fields.append(("WWW-Authenticate", "Basic realm=\"tokenbroker\"")) }
        if status == 429 || status == 503 { fields.append(("Retry-After", String(max(1, (retryAfter ?? .seconds(1)).secondsRoundedUp)))) }
        var response = Response(status: status, fields: fields, body: writer.bytes)
        if exceedsRate, let retryAfter { response.pause = retryAfter.nanoseconds }
        return response
    }

    /// Status and code of a problem.
    private var oauth2Error: (Int, String) {
        switch kind {
        case .unauthenticated: (401, "invalid_client")
        case .forbidden, .invalidScope: (400, "invalid_scope")
        case .unsupportedGrant: (400, "unsupported_grant_type")
        case .browserRequest: (403, "invalid_request")
        case .tooManyRequests: (429, "temporarily_unavailable")
        case .tokenPending, .minValidNotMet, .partnerUnavailable, .partnerThrottled, .partnerTimeout, .badPartnerReply, .loginRefused,
            .loginBudgetExhausted, .tokenHeld, .shuttingDown, .notReady:
            (503, "temporarily_unavailable")
        case .credentialsRejected: (502, "server_error")
        case .minValidUnreachable, .invalidParameter, .badRequest, .forwardedRequest, .wrongHost, .notFound, .methodNotAllowed, .preconditionFailed,
            .payloadTooLarge, .targetTooLong, .headersTooLarge, .requestTimeout, .expectationFailed, .methodNotImplemented, .versionNotSupported,
            .reloadRefused, .actionFailed, .noHistory:
            (400, "invalid_request")
        }
    }
}
