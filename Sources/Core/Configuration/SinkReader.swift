import YAML

/// Reads `sinks:` and `on_failure:`.
struct SinkReader {
    let accounts: HostAccounts

    func sinks(_ node: YAMLNode) -> [TokenSink] {
        let elements = node.list() ?? []
        if elements.count > 8 { node.fault("must list at most 8 sinks") }
        return elements.compactMap(sink)
    }

    private func sink(_ node: YAMLNode) -> TokenSink? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        if let file = mapping.take("file") {
            if mapping.has("command") { node.fault("names a file and a command; write two sinks") }
            return self.file(file, mapping).map { .file($0) }
        }
        guard mapping.has("command") else {
            node.fault("must be {file: /path} or {command: [program, argument]}")
            return nil
        }
        return command(mapping).map { .command($0) }
    }

    private func file(_ node: YAMLNode, _ mapping: YAMLMapping) -> FileSink? {
        let (mode, group, template) = (mapping.take("mode"), mapping.take("group"), mapping.take("template"))
        guard let path = node.string() else { return nil }
        let isPlain = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !["", ".", ".."].contains($0) }
        if !path.hasPrefix("/") || !isPlain { node.fault("must be the absolute path of a file, without //, . and ..") }
        var sink = FileSink(path: path)
        if let mode, let text = mode.string() {
            if let bits = UInt32(text, radix: 8), bits & ~0o770 == 0, bits & 0o400 != 0 {
                sink.mode = bits
            } else {
                mode.fault("must be octal digits such as \"0640\": readable for the owner, and nothing for others")
            }
        }
        if let group, let name = group.string() {
            if !accounts.hasGroup(name) { group.fault("there is no group \(name) on this host") }
            sink.group = name
        }
        if let template, let text = template.string() {
            if text.split(separator: "%s", omittingEmptySubsequences: false).count != 2 {
                template.fault("must hold %s once, where the token stands, such as \"VAULT_TOKEN=%s\"")
            }
            sink.template = text
        }
        return sink
    }

    func command(_ mapping: YAMLMapping) -> SinkCommand? {
        let words = mapping.require("command")
        let timeout = mapping.take("timeout")
        guard let words, let list = words.strings() else { return nil }
        if list.first.map({ !$0.hasPrefix("/") }) ?? true { words.fault("must be a list that begins with the absolute path of a program") }
        var command = SinkCommand(words: list)
        if let time = timeout?.duration(in: .seconds(1) ... .seconds(300)) { command.timeout = time }
        return command
    }

    func failureCommand(_ node: YAMLNode) -> SinkCommand? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        return command(mapping)
    }
}
