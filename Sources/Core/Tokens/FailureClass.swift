/// Classes of login failures, by what to do next.
package enum FailureClass: String, Sendable, CaseIterable {
    case transient
    case timedOut = "timed_out"
    case certificate
    case throttled
    case rejected
    case refused
    case badReply = "bad_reply"
    case local
    /// The login must wait before it may be attempted, for example for another entry's token; costs no attempt here.
    case waiting

    /// Whether the same request may succeed later, without a change on either side.
    package var isPassing: Bool {
        switch self {
        case .transient, .timedOut, .certificate, .throttled, .local, .waiting: true
        case .rejected, .refused, .badReply: false
        }
    }

    /// Whether the pauses of this class start over when the token dies, so that the gap after a short outage is never longer than the
    /// outage. A pause the partner asked for, and a local fault, do not pass sooner because a token died.
    package var startsOver: Bool {
        switch self {
        case .transient, .timedOut, .certificate, .badReply, .refused: true
        case .throttled, .local, .waiting, .rejected: false
        }
    }

    /// The classes that are one kind of trouble share a ladder of pauses.
    package var kind: FailureClass {
        switch self {
        case .timedOut, .certificate: .transient
        case .transient, .throttled, .rejected, .refused, .badReply, .local, .waiting: self
        }
    }

    /// The name under which callers see this class.
    package var trouble: String {
        switch self {
        case .transient, .certificate, .local, .waiting: "partner-unavailable"
        case .timedOut: "partner-timeout"
        case .throttled: "partner-throttled"
        case .rejected: "credentials-rejected"
        case .refused: "login-refused"
        case .badReply: "bad-partner-reply"
        }
    }

    /// What an operator does about it.
    package var advice: String {
        switch self {
        case .transient: "Wait: logins go on until the partner answers. tokenbroker doctor shows whether this host reaches it."
        case .timedOut: "Wait: logins go on. A slow partner may need a longer timeout."
        case .certificate: "Check this host's clock and the partner's certificate: tokenbroker doctor shows both."
        case .throttled: "Wait: the next login follows after the pause that the partner asked for."
        case .rejected: "Install the right secret and reload; a changed secret file is noticed by itself."
        case .refused: "Read the partner's message: it may be about the account or a permission. Logins go on at long intervals."
        case .badReply: "The answer does not match the provider's definition: tokenbroker check --login shows the exchange."
        case .local: "Mend what the reason names on this host; the login is tried again by itself."
        case .waiting: "Wait: the login goes on when what it waits for is there."
        }
    }
}
