import Providers
import Secrets
import YAML

/// Reads an input's value: text, a reference to a secret, or another entry's token.
enum InputBindingReader {
    static func read(_ node: YAMLNode, for input: InputDefinition) -> InputBinding? {
        if input.isToken { return token(node) }
        if node.isSequence { return alternatives(node) }
        guard node.isMapping, let mapping = node.mapping() else { return text(node, for: input) }
        defer { mapping.finish() }
        guard let reference = reference(mapping) else { return nil }
        if case .value = reference, input.isSecret {
            node.warn("the secret is in the configuration itself; a file or credential is safer")
        }
        return .secret([reference])
    }

    /// Reads a list of references: during a rotation, the new secret and the old one.
    private static func alternatives(_ node: YAMLNode) -> InputBinding? {
        let elements = node.list() ?? []
        if !(1...4).contains(elements.count) { node.fault("must list 1 to 4 references, such as [{credential: new}, {credential: old}]") }
        let references = elements.compactMap { element in
            element.mapping().flatMap { mapping in
                defer { mapping.finish() }
                return reference(mapping)
            }
        }
        return references.isEmpty ? nil : .secret(references)
    }

    private static func token(_ node: YAMLNode) -> InputBinding? {
        guard node.isMapping, let mapping = node.mapping() else {
            node.fault("must be {token: name}, the name of another configured token")
            return nil
        }
        defer { mapping.finish() }
        return mapping.require("token")?.string().map { .token($0) }
    }

    private static func text(_ node: YAMLNode, for input: InputDefinition) -> InputBinding? {
        guard let text = node.string() else { return nil }
        if input.isSecret {
            node.fault("is a secret: give a reference such as {file: /path}, {env: NAME}, {credential: name} or {command: [program]}")
            return nil
        }
        if let problem = InputRule.problem(with: text, for: input) { node.fault(problem) }
        return .text(text)
    }

    static func reference(_ mapping: YAMLMapping) -> SecretReference? {
        let file = mapping.take("file")
        let shared = mapping.take("shared")
        let environment = mapping.take("env")
        let credential = mapping.take("credential")
        let command = mapping.take("command")
        let passed = mapping.take("environment")
        let value = mapping.take("value")
        guard [file, environment, credential, command, value].compactMap({ $0 }).count == 1 else {
            mapping.place.fault("must be one of {file: /path}, {env: NAME}, {credential: name}, {command: [program, argument]}, {value: text}")
            return nil
        }
        if let shared, file == nil { shared.fault("applies only to file") }
        if let passed, command == nil { passed.fault("applies only to command") }
        if let file {
            guard let path = file.string() else { return nil }
            if !path.hasPrefix("/") { file.fault("must be an absolute path") }
            return .file(path: path, isShared: shared?.bool() ?? false)
        }
        if let credential {
            guard let name = credential.string() else { return nil }
            if name.isEmpty || name.contains("/") { credential.fault("must be the name of a credential, not a path") }
            return .credential(name: name)
        }
        if let command {
            let words = command.strings() ?? []
            if words.contains(where: { $0.utf8.contains(0) }) { command.fault("holds a NUL, which no argument can carry") }
            if words.first?.isEmpty ?? true { command.fault("must be a list that begins with a program") }
            return words.isEmpty ? nil : .command(words, environment: passed?.strings() ?? [])
        }
        if let environment { return environment.string().map { .environment(name: $0) } }
        return value?.string().map { .value(Secret($0)) }
    }
}
