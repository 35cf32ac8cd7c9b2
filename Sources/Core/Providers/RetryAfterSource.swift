import HTTPTypes
package import Patterns

/// A source of the pause that a partner asks for.
package struct RetryAfterSource: Sendable, Hashable {
    package var source: ValueSource
    /// A pattern whose first group is the number; nil: the whole value is the number.
    package var pattern: Pattern?
    package var unit: Duration

    /// `Retry-After` (RFC 9110 §10.2.3), read after the sources a definition lists.
    package static let field = RetryAfterSource(source: .header(HTTPField.Name("Retry-After") ?? .date), pattern: nil, unit: .seconds(1))
}
