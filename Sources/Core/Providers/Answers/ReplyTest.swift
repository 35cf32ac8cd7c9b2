package import JSON
package import Patterns

/// A test of an answer; all its parts must hold.
package struct ReplyTest: Sendable, Hashable, CustomStringConvertible {
    package enum Condition: Sendable, Hashable {
        case equals(JSONValue)
        case exists(Bool)
        /// Searches a string, or the JSON text of any other value; the match need not be the whole value.
        case matches(Pattern)
    }

    /// Empty: any status.
    package var statuses: [StatusPattern] = []
    package var source: SourceList?
    /// All of them must hold.
    package var conditions: [Condition] = []

    package var description: String {
        let status = statuses.isEmpty ? [] : ["status \(statuses.map(\.description).joined(separator: " or "))"]
        guard let source, !conditions.isEmpty else { return status.joined() }
        let tests = conditions.map { condition in
            switch condition {
            case .equals(let value): "\(source) is \(value.jsonText)"
            case .exists(let flag): "\(source) is \(flag ? "present" : "missing")"
            case .matches(let pattern): "\(source) matches \"\(pattern.text)\""
            }
        }
        return (status + tests).joined(separator: ", ")
    }
}
