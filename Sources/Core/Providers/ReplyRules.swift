import HTTPTypes
package import JSON

/// A status or a class of them: 401, `4xx`.
package enum StatusPattern: Sendable, Hashable, CustomStringConvertible {
    case exactly(Int)
    case hundreds(Int)

    package func matches(_ status: Int) -> Bool {
        switch self {
        case .exactly(let wanted): status == wanted
        case .hundreds(let wanted): status / 100 == wanted
        }
    }

    package var description: String {
        switch self {
        case .exactly(let status): String(status)
        case .hundreds(let hundreds): "\(hundreds)xx"
        }
    }
}

/// A test over an answer: all its parts must hold.
package struct ReplyTest: Sendable, Hashable, CustomStringConvertible {
    package enum Condition: Sendable, Hashable {
        case equals(JSONValue)
        case exists(Bool)
        /// A search, not a match of the whole; over a string, or the JSON text of anything else.
        case matches(String)
    }

    /// Empty: any status.
    package var statuses: [StatusPattern] = []
    package var source: ValueSource?
    package var condition: Condition?

    package var description: String {
        let status = statuses.isEmpty ? [] : ["status \(statuses.map(\.description).joined(separator: " or "))"]
        guard let source, let condition else { return status.joined() }
        let test =
            switch condition {
            case .equals(let value): "\(source) is \(value.jsonText)"
            case .exists(let flag): "\(source) is \(flag ? "there" : "missing")"
            case .matches(let pattern): "\(source) says \"\(pattern)\""
            }
        return (status + [test]).joined(separator: ", ")
    }
}

/// When an answer is a success: a status among these and every test.
package struct SuccessRule: Sendable, Hashable {
    package var statuses: [StatusPattern] = [.hundreds(2)]
    package var tests: [ReplyTest] = []
}

/// How a partner says no, by what to do about it; tried in this order before the defaults.
package struct ErrorRules: Sendable, Hashable {
    package var rejected: [ReplyTest] = []
    package var throttled: [ReplyTest] = []
    package var transient: [ReplyTest] = []
    package var refused: [ReplyTest] = []
    /// Where the partner's own words stand, for the operator; the first that is there.
    package var message: [ValueSource] = []
    package var retryAfter: [RetryAfterSource] = []
}

/// Where a partner says how long to wait.
package struct RetryAfterSource: Sendable, Hashable {
    package var source: ValueSource
    /// Its first group is the number; nil: the whole value.
    package var pattern: String?
    package var unit: Duration

    /// `Retry-After` (RFC 9110 §10.2.3), read after those a definition lists.
    package static let field = RetryAfterSource(source: .header(HTTPField.Name("Retry-After") ?? .date), pattern: nil, unit: .seconds(1))
}
