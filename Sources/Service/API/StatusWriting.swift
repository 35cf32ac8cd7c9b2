import Admission
import Configuration
import JSON
import Time
import Tokens

/// The status of a token as JSON: times as RFC 3339, durations in seconds.
enum StatusWriting {
    /// Writes the status; the partner's message only for callers who may administer the token.
    ///
    /// - Parameter more: writes further members.
    static func write(
        _ status: TokenStatus, for caller: Caller?, under policy: AccessPolicy, to writer: inout JSONWriter,
        more: (inout JSONWriter) -> Void = { _ in }
    ) {
        let isAdmin = caller.map { policy.allows($0, .admin, token: status.name, inputs: status.inputs) } ?? false
        writer.beginObject()
        writer.name("name"); writer.string(status.name)
        writer.name("provider"); writer.string(status.provider)
        if !status.inputs.isEmpty { writer.name("inputs"); writer.write(.object(status.inputs.mapValues { .string($0) })) }
        writer.name("required"); writer.literal(status.isRequired ? "true" : "false")
        writer.name("state"); writer.string(status.state.rawValue)
        writer.name("logging_in"); writer.literal(status.isLoggingIn ? "true" : "false")
        text("fingerprint", status.fingerprint, &writer)
        text("issued_at", status.issuedAt.map(CalendarTime.rfc3339), &writer)
        text("expires_at", status.expiresAt.map(CalendarTime.rfc3339), &writer)
        seconds("expires_in", status.remaining, &writer)
        text("expiry_source", status.expiryOrigin?.rawValue, &writer)
        if !status.ignoredExpirySources.isEmpty {
            writer.name("expiry_sources_ignored"); writer.write(.array(status.ignoredExpirySources.map { .string($0) }))
        }
        seconds("lifetime", status.lifetime, &writer)
        seconds("learned_lifetime", status.learnedLifetime, &writer)
        seconds("margin", status.margin, &writer)
        seconds("jitter", status.jitter, &writer)
        text("next_refresh_at", status.nextRefreshAt.map(CalendarTime.rfc3339), &writer)
        seconds("next_refresh_in", status.untilNextRefresh, &writer)
        text("next_refresh_reason", status.nextRefreshReason, &writer)
        writer.name("logins"); writer.literal(String(status.logins))
        writer.name("failures_in_a_row"); writer.literal(String(status.failuresInARow))
        if let failure = status.lastFailure {
            writer.name("last_failure"); writer.beginObject()
            writer.name("class"); writer.string(failure.failureClass.rawValue)
            writer.name("reason"); writer.string(failure.reason)
            if let code = failure.status { writer.name("status"); writer.literal(String(code)) }
            text("advice", failure.waitsForPerson ? "Log in: tokenbroker login \(status.name)" : failure.failureClass.advice, &writer)
            if isAdmin { text("partner_message", failure.partnerMessage, &writer) }
            writer.endObject()
        }
        seconds("clock_skew", status.clockSkew, &writer)
        writer.name("budget"); writer.beginObject()
        writer.name("left"); writer.literal(String(status.budgetLeft))
        writer.name("cap"); writer.literal(String(status.budgetCap))
        writer.endObject()
        more(&writer)
        writer.endObject()
    }

    private static func text(_ name: String, _ value: String?, _ writer: inout JSONWriter) {
        guard let value else { return }
        writer.name(name)
        writer.string(value)
    }

    private static func seconds(_ name: String, _ value: Duration?, _ writer: inout JSONWriter) {
        guard let value else { return }
        let milliseconds = value.nanoseconds / 1_000_000
        writer.name(name)
        writer.literal(milliseconds % 1000 == 0 ? String(milliseconds / 1000) : String(Double(milliseconds) / 1000))
    }
}
