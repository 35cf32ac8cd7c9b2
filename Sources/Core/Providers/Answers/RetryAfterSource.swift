import HTTPTypes

/// A source of the pause that a partner asks for.
package struct RetryAfterSource: Sendable, Hashable {
    package var source: ValueSource
    package var unit: Duration

    /// `Retry-After` (RFC 9110 §10.2.3), read after the sources a definition lists.
    package static let field = RetryAfterSource(source: ValueSource(.header(HTTPField.Name("Retry-After") ?? .date)), unit: .seconds(1))
}
