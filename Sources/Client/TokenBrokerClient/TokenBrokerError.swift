import FoundationEssentials

/// Why there is no token.
public enum TokenBrokerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The client's own settings are at fault: the address, or the key's file.
    case configuration(String)
    /// The daemon cannot be reached.
    case unreachable(String)
    /// Who listens at the TCP address is neither root, this user nor tokenbroker; no key was sent.
    case strangerListens(user: UInt32)
    /// The daemon refused: its problem (RFC 9457).
    ///
    /// - Parameters:
    ///   - slug: the kind, such as `partner-unavailable`.
    ///   - isRetryable: whether the same request may succeed later.
    ///   - retryAfter: when to try again; nil: not said.
    case refused(status: Int, slug: String, detail: String, isRetryable: Bool, retryAfter: Duration?)
    case badAnswer(String)

    init(_ answer: BrokerAnswer) {
        guard let problem = try? JSONDecoder().decode(Wire.self, from: Data(answer.body)) else {
            self = .badAnswer("status \(answer.status)")
            return
        }
        self = .refused(
            status: answer.status, slug: problem.type.split(separator: "/").last.map(String.init) ?? "", detail: problem.detail ?? problem.title,
            isRetryable: problem.retryable ?? false, retryAfter: problem.retry_after.map { .seconds($0) })
    }

    private struct Wire: Decodable {
        let type: String
        let title: String
        let detail: String?
        let retryable: Bool?
        let retry_after: Int?
    }

    public var description: String {
        switch self {
        case .configuration(let text): text
        case .unreachable(let text): "tokenbroker does not answer: \(text)"
        case .strangerListens(let user):
            "uid \(user) listens at the daemon's address, which is neither root, this user nor tokenbroker; no key was sent"
        case .refused(_, let slug, let detail, _, _): "\(slug): \(detail)"
        case .badAnswer(let text): "the answer is not tokenbroker's: \(text)"
        }
    }
}
