import HTTPTypes
import JSON
import OutboundHTTP
import Patterns
import Providers
import Time
import Tokens

/// What an answer that brings no token means.
extension ReplyReader {
    /// Longest pauses that are believed: a longer one is a mistake that would freeze the account, or the entry.
    private static let (longestPause, longestOutage) = (Duration.seconds(86_400), Duration.seconds(3600))

    /// Classifies this answer; nil for a success.
    ///
    /// The definition's error tests come first, then its success statuses and the general meaning of any other status, then its
    /// success tests.
    func failure(success: SuccessRule, errors: ErrorRules, redactor: Redactor) -> LoginFailure? {
        let tests: [(FailureClass, [ReplyTest])] = [
            (.rejected, errors.rejected), (.throttled, errors.throttled), (.transient, errors.transient), (.refused, errors.refused),
        ]
        do throws(LoginFailure) {
            for (failureClass, tests) in tests {
                if let failure = try failure(failureClass, of: tests, errors, redactor) { return failure }
            }
            guard success.statuses.contains(where: { $0.matches(reply.status) }) else { return byStatus(errors, redactor) }
            if let problem = reply.bodyProblem { return bad(problem) }
            if reply.status == 206 { return bad("the answer is a part of one (status 206)") }
            for test in success.tests where try !holds(test) { return failure(failing: test, errors, redactor) }
            return nil
        } catch {
            return error
        }
    }

    /// The failure that the first of a definition's tests that holds stands for.
    private func failure(_ failureClass: FailureClass, of tests: [ReplyTest], _ errors: ErrorRules, _ redactor: Redactor) throws(LoginFailure)
        -> LoginFailure?
    {
        for test in tests where try holds(test) {
            var failure = failure(failureClass, "the partner answered: \(test)", errors, redactor)
            failure.rejectsGrant = failureClass == .rejected
            guard failureClass == .throttled else { return failure }
            let isOutage = (500...599).contains(reply.status)
            failure.pausesAccount = !isOutage
            if isOutage { failure.retryAfter = failure.retryAfter.map { min($0, Self.longestOutage) } }
            return failure
        }
        return nil
    }

    private func failure(failing test: ReplyTest, _ errors: ErrorRules, _ redactor: Redactor) -> LoginFailure {
        if json == nil, case .json? = test.source?.sources.first?.place { return missing(SourceList(.json(JSONPointer.root))) }
        return byError(errors, redactor) ?? failure(.refused, "status \(reply.status), but the success test failed: \(test)", errors, redactor)
    }

    /// What a success without a token is: an OAuth2 error in it counts as one; nil where there is none.
    func failure(withoutToken errors: ErrorRules, redactor: Redactor) -> LoginFailure? {
        guard let code = json?["error"]?.text, !code.isEmpty else { return nil }
        return byError(errors, redactor) ?? failure(.refused, "status \(reply.status) with an error in place of a token", errors, redactor)
    }

    /// The class of the status, or to the OAuth2 error.
    private func byStatus(_ errors: ErrorRules, _ redactor: Redactor) -> LoginFailure {
        if let failure = byError(errors, redactor) { return failure }
        let reason = "status \(reply.status)"
        switch reply.status {
        case 401: return failure(.rejected, reason, errors, redactor)
        case 407: return failure(.certificate, "the proxy requires authentication (status 407)", errors, redactor)
        case 429:
            var failure = failure(.throttled, reason, errors, redactor)
            failure.pausesAccount = true
            return failure
        case 408, 425, 500...599: return pausing(failure(.transient, reason, errors, redactor), errors)
        case 300...399: return failure(.badReply, "a redirect (status \(reply.status)); redirects are never followed", errors, redactor)
        case 400...499: return pausing(failure(.refused, reason, errors, redactor), errors)
        default: return failure(.badReply, "unexpected status \(reply.status)", errors, redactor)
        }
    }

    /// RFC 6749 §5.2, RFC 8628 §3.5 and what servers add, at any status.
    private func byError(_ errors: ErrorRules, _ redactor: Redactor) -> LoginFailure? {
        guard let code = json?["error"]?.text else { return nil }
        let reason = "status \(reply.status), \(code)"
        // A 401, a 429 and a 5xx say more than any word but those that reject.
        let isOverruled = reply.status == 401 || reply.status == 429 || (500...599).contains(reply.status)
        switch code {
        case "invalid_client", "invalid_grant", "unauthorized_client", "invalid_token":
            var failure = failure(.rejected, reason, errors, redactor)
            failure.rejectsGrant = code == "invalid_grant"
            failure.oauth2Error = code
            return failure
        case _ where isOverruled: return nil
        case "invalid_request":
            var failure = pausing(failure(.refused, reason, errors, redactor), errors)
            failure.isInvalidRequest = true
            return failure
        case "temporarily_unavailable", "server_error", "slow_down": return pausing(failure(.transient, reason, errors, redactor), errors)
        default: return nil
        }
    }

    /// An answer that states a pause asks for it: of this entry, an hour at most.
    private func pausing(_ failure: LoginFailure, _ errors: ErrorRules) -> LoginFailure {
        guard let pause = retryAfter(errors.retryAfter) else { return failure }
        var pausing = failure
        pausing.retryAfter = min(pause, Self.longestOutage)
        // A pause of moments is one of the usual ladder's; a longer one replaces it.
        if failure.failureClass != .transient || pause >= .seconds(5) { pausing.failureClass = .throttled }
        return pausing
    }

    private func failure(_ failureClass: FailureClass, _ reason: String, _ errors: ErrorRules, _ redactor: Redactor) -> LoginFailure {
        var failure = LoginFailure(failureClass, reason, status: reply.status)
        failure.partnerMessage = (errors.message + Self.usualMessages).lazy.compactMap(message).first.map(redactor.redact)
        if failureClass == .throttled { failure.retryAfter = retryAfter(errors.retryAfter) }
        return failure
    }

    /// Where partners explain themselves when the definition does not say where.
    private static let usualMessages = ["/error_description", "/error/message", "/message", "/detail", "/error"].compactMap { JSONPointer($0) }.map {
        ValueSource(.json($0))
    }

    private func message(_ source: ValueSource) -> String? {
        guard let found = value(source) else { return nil }
        if case .array(let elements) = found {
            return elements.isEmpty ? nil : elements.map { $0.scalarText ?? $0.jsonText }.joined(separator: ", ")
        }
        let text = found.scalarText ?? found.jsonText
        return text.isEmpty ? nil : text
    }

    // MARK: Pauses

    /// The pause the partner asked for, from the definition's sources and then from Retry-After (RFC 9110 §10.2.3); nil if nothing usable
    /// is stated.
    private func retryAfter(_ sources: [RetryAfterSource]) -> Duration? {
        var pauses: [Duration] = []
        for source in sources + [RetryAfterSource.field] {
            // Of several lines of a header field the longest pause counts.
            let stated = values(source.source).compactMap { $0.scalarText.flatMap { longestPause(in: $0, unit: source.unit) } }
            if let pause = stated.max() { pauses.append(min(pause, Self.longestPause)) }
        }
        // A source that says "at once" does not overrule one that asks for a pause.
        return pauses.first { $0 > .zero } ?? pauses.first
    }

    private func values(_ source: ValueSource) -> [JSONValue] {
        if case .header(let name) = source.place, source.pattern == nil {
            return answer(ofStep: source.step)?.reply.lines(name).map { .string($0) } ?? []
        }
        return value(source).map { [$0] } ?? []
    }

    /// The pause that a text states; of a list of numbers, which a proxy makes of several lines, the longest.
    private func longestPause(in text: String, unit: Duration) -> Duration? {
        if let pause = pause(text, unit: unit) { return pause }
        let numbers = text.listMembers
        guard numbers.count > 1, numbers.allSatisfy({ DecimalNumber.value(of: $0) != nil }) else { return nil }
        return numbers.compactMap { pause($0, unit: unit) }.max()
    }

    /// A number of units, or a moment: a date, or seconds or milliseconds since 1970 in place of a number of seconds. What is negative or
    /// past says nothing.
    private func pause(_ text: String, unit: Duration) -> Duration? {
        let now = reply.sole(.date).flatMap(CalendarTime.parseIMFFixdate) ?? reply.receivedAtWall
        func until(_ moment: WallTime) -> Duration? { moment > now ? moment - now : nil }
        guard let number = DecimalNumber.value(of: text) else { return CalendarTime.parseHTTPDate(text, now: now).flatMap(until) }
        switch number {
        case 1e12...: return number * 1e-3 <= CalendarTime.lastSecond ? until(WallTime(fractionalSeconds: number * 1e-3)) : nil
        case 1e9...: return until(WallTime(fractionalSeconds: number))
        case 0...: return .seconds(min(number * unit.inSeconds, 1e7))
        default: return nil
        }
    }
}
