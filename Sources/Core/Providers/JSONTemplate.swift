/// A JSON document with templates in place of strings.
package indirect enum JSONTemplate: Sendable, Hashable {
    case object([Member])
    case array([JSONTemplate])
    case string(Template)
    /// A number, `true`, `false` or `null`.
    case literal(String)

    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: JSONTemplate
    }
}
