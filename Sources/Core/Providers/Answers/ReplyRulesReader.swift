import JSON
import Patterns
import Time
import YAML

/// Reads a definition's rules for answers, sources, tests and errors, and its limits.
struct ReplyRulesReader {
    let sources: SourceReader

    func keep(_ node: YAMLNode) -> [KeptValue] {
        guard let mapping = node.mapping() else { return [] }
        return mapping.members.compactMap { member in
            if !Names.isValidInput(member.name) { member.node.fault("a kept value's name must be snake_case: a-z, 0-9 and underscore") }
            return kept(member.name, member.node)
        }
    }

    /// A mapping with a source, or a list of them, any of which may say `optional` and `kind` for all.
    private func kept(_ name: String, _ node: YAMLNode) -> KeptValue? {
        var kept = KeptValue(name: name, source: SourceList([]))
        var found: [ValueSource] = []
        for element in node.isSequence ? node.list() ?? [] : [node] {
            guard let settings = element.mapping() else { continue }
            defer { settings.finish() }
            if settings.take("optional")?.bool() == true { kept.isOptional = true }
            if let kind = settings.take("kind")?.word(KeptValue.Kind.self) { kept.kind = kind }
            guard let list = sources.read(in: settings) else {
                if !SourceReader.isNamed(in: settings) { element.fault("must name a source, such as {json: /pointer}") }
                continue
            }
            found += list.sources
        }
        if found.isEmpty { return nil }
        kept.source = SourceList(found)
        return kept
    }

    func success(_ node: YAMLNode) -> SuccessRule? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        var rule = SuccessRule()
        if let statuses = mapping.take("status") { rule.statuses = Self.statuses(statuses) }
        rule.tests = mapping.take("when").map(tests) ?? []
        return rule
    }

    func errors(_ node: YAMLNode) -> ErrorRules {
        guard let mapping = node.mapping() else { return ErrorRules() }
        defer { mapping.finish() }
        var rules = ErrorRules()
        rules.rejected = mapping.take("rejected").map(tests) ?? []
        rules.throttled = mapping.take("throttled").map(tests) ?? []
        rules.transient = mapping.take("transient").map(tests) ?? []
        rules.refused = mapping.take("refused").map(tests) ?? []
        rules.message = mapping.take("message")?.list()?.compactMap { sources.read($0) }.flatMap(\.sources) ?? []
        rules.retryAfter = mapping.take("retry_after")?.list()?.compactMap(retryAfter) ?? []
        return rules
    }

    private func tests(_ node: YAMLNode) -> [ReplyTest] {
        node.list()?.compactMap(test) ?? []
    }

    private func test(_ node: YAMLNode) -> ReplyTest? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        var test = ReplyTest()
        if let statuses = mapping.take("status") { test.statuses = Self.statuses(statuses) }
        if let text = mapping.take("text") {
            test.source = SourceList(.text)
            let pattern = text.isMapping ? text.mapping().flatMap(Self.textPattern) : text.pattern()
            guard let pattern else { return nil }
            test.conditions = [.matches(pattern)]
            return test
        }
        test.source = sources.read(in: mapping, takesPattern: false)
        let conditions: [ReplyTest.Condition?] = [
            mapping.take("equals").flatMap(Self.equals), mapping.take("exists")?.bool().map { .exists($0) },
            mapping.take("matches")?.pattern().map { .matches($0) },
        ]
        test.conditions = conditions.compactMap { $0 }
        if let equals = mapping.take("equals"), test.source?.isText ?? false, !equals.isText {
            equals.fault("compares with text, which is all that this source has; quote it: \"\(equals.string() ?? "")\"")
        }
        if test.source != nil, !["equals", "exists", "matches"].contains(where: mapping.has) {
            node.fault("needs equals, exists or matches with its source")
        }
        if test.source == nil, !test.conditions.isEmpty { node.fault("needs a source, such as json: /pointer, with its condition") }
        if test.source == nil, !mapping.has("status") { node.fault("tests nothing; add a status or a source") }
        return test
    }

    private static func textPattern(_ mapping: YAMLMapping) -> Pattern? {
        defer { mapping.finish() }
        return mapping.require("matches")?.pattern()
    }

    private static func equals(_ node: YAMLNode) -> ReplyTest.Condition? {
        switch node.scalar {
        case .string(let text): return .equals(.string(text))
        case .bool(let flag): return .equals(.bool(flag))
        case .null: return .equals(.null)
        case .number(let text):
            guard let number = Double(text), number.isFinite else {
                node.fault("\(text) is no number that JSON knows; quote it for the text")
                return nil
            }
            return .equals(.number(number))
        case .integer(let text):
            let digits = text.hasPrefix("-") ? text.dropFirst() : Substring(text)
            if digits.count > 1, digits.hasPrefix("0") {
                node.fault("\(text) without quotes is a number; write \"\(text)\" for the text")
                return nil
            }
            guard let number = Int64(text) else {
                node.fault("\(text) is beyond 64 bits; quote it for the text")
                return nil
            }
            return .equals(.integer(number))
        case nil:
            node.fault("must be a string, a number, true, false or null")
            return nil
        }
    }

    private static func statuses(_ node: YAMLNode) -> [StatusPattern] {
        let nodes = node.isSequence ? node.list() ?? [] : [node]
        if nodes.isEmpty { node.fault("needs at least one status, such as 401 or 4xx") }
        return nodes.compactMap { node in
            guard let text = node.string() else { return nil }
            if let status = Int(text), (100...599).contains(status) { return .exactly(status) }
            if text.count == 3, text.hasSuffix("xx"), let hundreds = text.first?.wholeNumberValue, (1...5).contains(hundreds) {
                return .hundreds(hundreds)
            }
            node.fault("must be a status such as 401 or a class such as 4xx")
            return nil
        }
    }

    private func retryAfter(_ node: YAMLNode) -> RetryAfterSource? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        let unit = mapping.take("unit").flatMap(Self.unit) ?? .seconds(1)
        guard let source = sources.read(in: mapping)?.sources.first else {
            node.fault("must name a source, such as {header: Retry-After}")
            return nil
        }
        return RetryAfterSource(source: source, unit: unit)
    }

    static func unit(_ node: YAMLNode) -> Duration? {
        switch node.string() {
        case "seconds": return .seconds(1)
        case "milliseconds": return .milliseconds(1)
        case "minutes": return .seconds(60)
        default:
            node.fault("must be seconds, milliseconds or minutes")
            return nil
        }
    }

    static func limit(_ node: YAMLNode) -> Rate? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        return mapping.take("logins")?.rate()
    }
}
