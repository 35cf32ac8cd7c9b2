import OutboundHTTP
import YAML

/// Reads `inputs:`.
enum InputReader {
    static func read(_ node: YAMLNode) -> [InputDefinition] {
        guard let mapping = node.mapping() else { return [] }
        return mapping.members.compactMap { member in
            if !Names.isValidInput(member.name) {
                member.node.fault("an input's name must be snake_case: a-z, 0-9 and underscore; token and steps are reserved")
            }
            guard let settings = member.node.mapping() else { return nil }
            defer { settings.finish() }
            var input = InputDefinition(name: member.name)
            input.isSecret = settings.take("secret")?.bool() ?? false
            input.isToken = settings.take("token")?.bool() ?? false
            input.isOptional = settings.take("optional")?.bool() ?? false
            input.defaultValue = settings.take("default")?.string()
            input.pattern = settings.take("pattern")?.pattern()
            input.kind = settings.take("kind")?.word(InputDefinition.Kind.self) ?? .text
            input.description = settings.take("description")?.string()
            if input.isToken, input.isSecret || input.defaultValue != nil { member.node.fault("a token input cannot be secret or have a default") }
            if let discovered = settings.take("discovered") {
                input.discovered = discovered.string()
                if input.kind != .url { discovered.fault("applies only to an input of kind: url") }
            }
            if input.kind == .url, let value = input.defaultValue, let problem = BaseURL.problem(with: value) {
                member.node.fault("default \(problem)")
            }
            return input
        }
    }
}
