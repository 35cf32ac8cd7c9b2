import JSON
package import LocalHTTP
import Time
package import Tokens

/// An error as callers receive it: RFC 9457 problem details of a type that the daemon itself documents.
package struct Problem: Error, Sendable {
    package var kind: ProblemKind
    /// What happened in this case; never a secret, never a partner's message.
    package var detail: String
    package var token: String?
    package var retryAfter: Duration?
    package var expiresIn: Duration?
    /// Whether the caller exceeded a rate: its connection is not read until `retryAfter` has passed.
    package var exceedsRate = false
    /// Whether the request of an unknown caller had a key.
    package var hadKey = false
    /// Further header fields: `Allow`, `WWW-Authenticate`.
    package var fields: [(name: String, value: String)] = []

    package init(_ kind: ProblemKind, _ detail: String, token: String? = nil, retryAfter: Duration? = nil) {
        self.kind = kind
        self.detail = detail
        self.token = token
        self.retryAfter = retryAfter
    }

    /// A refusal for a rate that was exceeded.
    package static func exceeded(_ detail: String, retryAfter: Duration) -> Problem {
        var problem = Problem(.tooManyRequests, detail, retryAfter: retryAfter)
        problem.exceedsRate = true
        return problem
    }

    /// The same problem for a token that this caller may not use and one that does not exist, so that names do not leak.
    package static let forbidden = Problem(.forbidden, "this caller is not allowed to do this, or there is no such token")

    /// The response. Every 429 and 503 has `Retry-After`, in seconds, rounded up, at least 1.
    package func response(requestID: String) -> Response {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("type"); writer.string("/problems/\(kind.rawValue)")
        writer.name("title"); writer.string(kind.title)
        writer.name("status"); writer.literal(String(kind.status))
        writer.name("detail"); writer.string(detail)
        writer.name("instance"); writer.string(requestID)
        if let token { writer.name("token"); writer.string(token) }
        writer.name("retryable"); writer.literal(kind.isRetryable ? "true" : "false")
        let pause = kind.status == 429 || kind.status == 503 ? max(1, (retryAfter ?? .seconds(kind.isRetryable ? 1 : 60)).secondsRoundedUp) : nil
        if let pause { writer.name("retry_after"); writer.literal(String(pause)) }
        if let expiresIn { writer.name("expires_in"); writer.literal(String(expiresIn.wholeSeconds)) }
        writer.endObject()
        var fields = CommonFields.all + [("Content-Type", "application/problem+json")] + self.fields
        if let pause { fields.append(("Retry-After", String(pause))) }
        if kind == .unauthenticated {
            // RFC 6750 §3: a request without a key gets no error code.
            fields.append(("WWW-Authenticate", "Bearer realm=\"tokenbroker\"" + (hadKey ? ", error=\"invalid_token\"" : "")))
        }
        var response = Response(status: kind.status, fields: fields, body: writer.bytes)
        response.closes = kind == .badRequest
        if exceedsRate, let retryAfter { response.pause = retryAfter.nanoseconds }
        return response
    }
}

extension Problem {
    /// The only place that makes a problem of a token refusal.
    ///
    /// - Parameters:
    ///   - left: the remaining life of the token in hand; nil where there is none.
    ///   - isOperator: whether to say what the partner did, which its class and status alone tell a caller.
    package init(_ refusal: TokenRefusal, token: String, left: Duration? = nil, isOperator: Bool = false) {
        switch refusal.reason {
        case .pending:
            self.init(.tokenPending, "the first login is still running or about to start", token: token, retryAfter: refusal.retryAfter)
        case .minValidNotMet(let left):
            self.init(.minValidNotMet, "the current token has less lifetime left than min_valid", token: token, retryAfter: refusal.retryAfter)
            expiresIn = left
        case .minValidUnreachable(let longest):
            let words = DurationSyntax.words(longest)
            self.init(.minValidUnreachable, "min_valid exceeds the longest lifetime this partner gives (\(words))", token: token)
        case .failing(let failure, let isLatched):
            self.init(failure, isLatched: isLatched, token: token, retryAfter: refusal.retryAfter, left: left)
            if isOperator, failure.reason != "status \(failure.status ?? 0)" { detail += ": \(failure.reason)" }
        case .budgetExhausted:
            self.init(.loginBudgetExhausted, "the cap on logins for this token was reached", token: token, retryAfter: refusal.retryAfter)
        case .held(let hold):
            self.init(
                .tokenHeld,
                "an operator has \(hold.rawValue) this token\(left.map { "; the one in hand stays valid for \(DurationSyntax.words($0))" } ?? ", and no valid one is left")",
                token: token, retryAfter: .seconds(60))
        case .tooSoon:
            self.init(
                .tooManyRequests, "an operator refreshes a token once in 10 s at most; the last refresh is more recent", token: token,
                retryAfter: refusal.retryAfter)
        case .stopping:
            self.init(.shuttingDown, "the daemon is stopping", token: token, retryAfter: .seconds(1))
        }
    }

    /// The only place that makes a problem of a failed login.
    package init(_ failure: LoginFailure, isLatched: Bool, token: String, retryAfter: Duration?, left: Duration? = nil) {
        let rest = left.map { "; the current token stays valid for \(DurationSyntax.words($0))" }
        let status = failure.status.map { " (status \($0))" } ?? ""
        if failure.waitsForPerson {
            self.init(.credentialsRejected, "a person must log in: tokenbroker login \(token)\(rest ?? "")", token: token)
            return
        }
        switch failure.waitingFor ?? failure.failureClass {
        case .transient, .certificate, .local, .waiting:
            let why =
                failure.failureClass == .waiting
                ? "the login waits for another token, or for another host" : "logins fail: \((failure.failureClass).rawValue)"
            self.init(.partnerUnavailable, "\(why)\(status)\(rest ?? ", and no valid token is left")", token: token, retryAfter: retryAfter)
        case .timedOut:
            self.init(.partnerTimeout, "the login timed out\(rest ?? " and no valid token is left")", token: token, retryAfter: retryAfter)
        case .throttled:
            self.init(.partnerThrottled, "the partner asked for a pause\(status)\(rest ?? "")", token: token, retryAfter: retryAfter)
        case .rejected:
            let latch = isLatched ? "; the login is latched until the configuration or secret changes or an operator releases it" : ""
            self.init(.credentialsRejected, "the partner refused the credentials\(status)\(latch)\(rest ?? "")", token: token, retryAfter: retryAfter)
        case .refused:
            self.init(.loginRefused, "the partner refused the login\(status)\(rest ?? "")", token: token, retryAfter: retryAfter)
        case .badReply:
            self.init(.badPartnerReply, "the partner's answer could not be understood\(status)\(rest ?? "")", token: token, retryAfter: retryAfter)
        }
    }

    /// Makes the problem of a message that could not be read.
    package init(_ fault: MessageFault) {
        switch fault {
        case .malformed(let what): self.init(.badRequest, "the request has \(what)")
        case .headersTooLarge: self.init(.headersTooLarge, "the request line and header exceed the limit")
        case .targetTooLong: self.init(.targetTooLong, "the request line exceeds the limit")
        case .payloadTooLarge: self.init(.payloadTooLarge, "the body exceeds the limit")
        case .versionNotSupported: self.init(.versionNotSupported, "the supported version is HTTP/1.1")
        case .expectationFailed: self.init(.expectationFailed, "the only supported expectation is 100-continue")
        case .timedOut: self.init(.requestTimeout, "the request did not arrive in time")
        }
    }
}
