import HTTPTypes
import JSON
package import OutboundHTTP
import Providers
import Time
import Tokens

/// Reads an answer: evaluates a definition's sources and tests, and classifies failures (configuration.md, refresh.md).
package struct ReplyReader: Sendable {
    package let reply: PartnerReply
    private let json: JSONValue?

    /// Maximum length of a token or kept value.
    private static let maximumValueBytes = 16_384
    /// Patterns search at most this much of an answer.
    private static let searchedBytes = 64 * 1024

    package init(_ reply: PartnerReply) {
        self.reply = reply
        json = JSONValue(parsing: reply.body)
    }

    /// Longest pause that is honoured; a longer one is a mistake that would freeze the account.
    private static let longestPause = Duration.seconds(86_400)

    // MARK: Sources

    /// The value at a source; nil if there is none.
    func value(_ source: ValueSource) -> JSONValue? {
        switch source {
        case .json(let pointer): json.flatMap(pointer.resolve)
        case .header(let name): reply.fields[name].map { .string($0) }
        case .body: bodyText.map { .string($0) }
        case .text: .string(String(decoding: reply.body.prefix(Self.searchedBytes), as: UTF8.self))
        }
    }

    /// The body as one value: trimmed of white space, or decoded if it is a JSON string; nil for HTML and for an empty body.
    private var bodyText: String? {
        if reply.fields[.contentType]?.lowercased().hasPrefix("text/html") == true { return nil }
        if case .string(let text)? = json { return text.isEmpty ? nil : text }
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let trimmed = reply.body.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        return trimmed.isEmpty ? nil : String(decoding: Array(trimmed), as: UTF8.self)
    }

    /// The token: 1 to 16,384 bytes of visible ASCII without `"`, `,`, `;` and space, so that a maintenance page never counts as one.
    func token(_ source: ValueSource) throws(LoginFailure) -> [UInt8] {
        guard let found = value(source), found != .null else { throw missing(source) }
        guard case .string(let text) = found else { throw bad("\(source) is not a string, so it is not a token") }
        let bytes = Array(text.utf8)
        let isTokenByte: (UInt8) -> Bool = { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x2C && $0 != 0x3B }
        guard (1...Self.maximumValueBytes).contains(bytes.count), bytes.allSatisfy(isTokenByte) else {
            throw bad("\(source) holds a value that cannot be a token (1 to 16384 bytes of visible ASCII)")
        }
        return bytes
    }

    /// The token's bytes; nil if the source is missing, null or empty.
    func optionalToken(_ source: ValueSource) throws(LoginFailure) -> [UInt8]? {
        guard let found = value(source), found != .null, found != .string("") else { return nil }
        return try token(source)
    }

    /// A kept value as text; nil if it is optional and missing.
    ///
    /// - Parameter held: its value from an earlier answer.
    func keep(_ kept: KeptValue, held: String? = nil) throws(LoginFailure) -> [UInt8]? {
        guard let found = value(kept.source), found != .null else {
            if let held { return Array(held.utf8) }
            if kept.isOptional { return nil }
            throw missing(kept.source)
        }
        guard let text = found.scalarText, !text.isEmpty, text.utf8.count <= Self.maximumValueBytes,
            text.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else {
            throw bad("\(kept.source) holds a value that cannot be kept as \(kept.name)")
        }
        return Array(text.utf8)
    }

    func missing(_ source: ValueSource) -> LoginFailure {
        let isHTML = reply.fields[.contentType]?.lowercased().hasPrefix("text/html") == true
        if isHTML { return bad("the answer is an HTML page") }
        if case .json = source, json == nil { return bad("the answer is not JSON, so it has no \(source)") }
        return bad("the answer has no \(source)")
    }

    func bad(_ reason: String) -> LoginFailure { LoginFailure(.badReply, reason, status: reply.status) }

    // MARK: Tests

    func holds(_ test: ReplyTest) -> Bool {
        guard test.statuses.isEmpty || test.statuses.contains(where: { $0.matches(reply.status) }) else { return false }
        guard let source = test.source, let condition = test.condition else { return true }
        let found = value(source)
        switch condition {
        case .exists(let flag): return (found != nil) == flag
        case .equals(let wanted): return found == wanted
        case .matches(let pattern): return found.map { Self.search($0, for: pattern) != nil } ?? false
        }
    }

    /// The first group of the first match, or the whole match if the pattern has no group.
    private static func search(_ value: JSONValue, for pattern: String) -> String? {
        let text = value.text ?? value.jsonText
        guard let regex = try? Regex(pattern), let match = try? regex.firstMatch(in: String(text.prefix(searchedBytes))) else { return nil }
        let group = match.output.count > 1 ? match.output[1].substring : match.output[0].substring
        return group.map(String.init)
    }

    // MARK: Failures

    /// Classifies this answer; nil for a success.
    ///
    /// The definition's error tests come first, then its success statuses and the general meaning of any other status, then its
    /// success tests.
    func failure(success: SuccessRule, errors: ErrorRules, redactor: Redactor) -> LoginFailure? {
        let tests: [(FailureClass, [ReplyTest])] = [
            (.rejected, errors.rejected), (.throttled, errors.throttled), (.transient, errors.transient), (.refused, errors.refused),
        ]
        for (failureClass, tests) in tests {
            if let test = tests.first(where: holds) { return failure(failureClass, "the partner answered: \(test)", errors, redactor) }
        }
        guard success.statuses.contains(where: { $0.matches(reply.status) }) else {
            let (failureClass, reason) = byStatus()
            return failure(failureClass, reason, errors, redactor)
        }
        guard let failed = success.tests.first(where: { !holds($0) }) else { return nil }
        if json == nil, case .json? = failed.source { return missing(.json(JSONPointer.root)) }
        return failure(.refused, "status \(reply.status), but the success test failed: \(failed)", errors, redactor)
    }

    /// The class that refresh.md assigns to the status.
    private func byStatus() -> (FailureClass, String) {
        let oauthError = json?["error"]?.text  // RFC 6749 §5.2
        switch reply.status {
        case 401: return (.rejected, "status 401")
        case 400...403 where oauthError == "invalid_client" || oauthError == "invalid_grant": return (.rejected, "status \(reply.status)")
        case 407: return (.certificate, "the proxy requires authentication (status 407)")
        case 408, 425, 500...599: return (.transient, "status \(reply.status)")
        case 429: return (.throttled, "status 429")
        case 300...399: return (.badReply, "a redirect (status \(reply.status)); redirects are never followed")
        case 400...499: return (.refused, "status \(reply.status)")
        default: return (.badReply, "unexpected status \(reply.status)")
        }
    }

    private func failure(_ failureClass: FailureClass, _ reason: String, _ errors: ErrorRules, _ redactor: Redactor) -> LoginFailure {
        var failure = LoginFailure(failureClass, reason, status: reply.status)
        failure.partnerMessage = errors.message.lazy.compactMap(message).first.map(redactor.redact)
        if failureClass == .throttled { failure.retryAfter = retryAfter(errors.retryAfter) }
        return failure
    }

    private func message(_ source: ValueSource) -> String? {
        guard let found = value(source) else { return nil }
        if case .array(let elements) = found {
            return elements.isEmpty ? nil : elements.map { $0.scalarText ?? $0.jsonText }.joined(separator: ", ")
        }
        let text = found.scalarText ?? (found == .null ? "" : found.jsonText)
        return text.isEmpty ? nil : text
    }

    /// The pause the partner asked for, from the definition's sources and then from Retry-After (RFC 9110 §10.2.3).
    private func retryAfter(_ sources: [RetryAfterSource]) -> Duration? {
        for source in sources + [RetryAfterSource.field] {
            guard let found = value(source.source) else { continue }
            let text = source.pattern.map { Self.search(found, for: $0) } ?? found.scalarText
            guard let text else { continue }
            if let number = Double(text), number >= 0 { return min(source.unit * min(number, 1e7), Self.longestPause) }
            if let moment = CalendarTime.parseIMFFixdate(text) {
                let now = reply.fields[.date].flatMap(CalendarTime.parseIMFFixdate) ?? reply.receivedAtWall
                return min(max(.zero, moment - now), Self.longestPause)
            }
        }
        return nil
    }
}
