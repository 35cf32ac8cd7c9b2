import HTTPTypes
import JSON

/// Where a partner says how long to wait.
package struct RetryAfterSource: Sendable, Hashable {
    package var source: ValueSource
    /// Its first group is the number; nil: the whole value.
    package var pattern: String?
    package var unit: Duration

    /// `Retry-After` (RFC 9110 §10.2.3), read after those a definition lists.
    package static let field = RetryAfterSource(source: .header(HTTPField.Name("Retry-After") ?? .date), pattern: nil, unit: .seconds(1))
}
