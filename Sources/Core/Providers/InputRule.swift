import OutboundHTTP

/// Checks an input's value, wherever it comes from.
package enum InputRule {
    /// What is wrong with the value; nil if it is valid.
    package static func problem(with value: String, for input: InputDefinition) -> String? {
        if value.isEmpty { return "\(input.name) is empty" }
        if input.kind == .url, let problem = BaseURL.problem(with: value) { return "\(input.name) \(problem)" }
        if let pattern = input.pattern, !matches(value, pattern) { return "\(input.name) must match \(pattern)" }
        return nil
    }

    /// Whether the whole value matches.
    package static func matches(_ value: String, _ pattern: String) -> Bool {
        guard let regex = try? Regex(pattern) else { return false }
        return (try? regex.wholeMatch(in: value)) != nil
    }
}
