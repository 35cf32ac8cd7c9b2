import OutboundHTTP
package import Patterns

/// Checks an input's value, wherever it comes from.
package enum InputRule {
    /// What is wrong with the value; nil if it is valid.
    package static func problem(with value: String, for input: InputDefinition) -> String? {
        if value.isEmpty { return "\(input.name) is empty" }
        if input.kind == .url, let problem = BaseURL.problem(with: value) { return "\(input.name) \(problem)" }
        return input.pattern.flatMap { self.problem(with: value, named: input.name, pattern: $0) }
    }

    /// What is wrong with a value whose whole must match a pattern; nil if it does.
    package static func problem(with value: String, named name: String, pattern: Pattern) -> String? {
        do throws(PatternLimit) {
            return try pattern.matches(value) ? nil : "\(name) must match \(pattern.text)"
        } catch {
            return "\(name): \(error.message)"
        }
    }
}
