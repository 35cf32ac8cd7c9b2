package import Patterns

extension Pattern {
    /// A pattern of a test's table, which must be one.
    package static func known(_ text: String) -> Pattern {
        guard let pattern = try? Pattern(text) else { preconditionFailure("\(text) is no pattern") }
        return pattern
    }
}
