import HTTPTypes
import JSON
import Time
import YAML

/// Reads what a definition says about answers: sources, tests, errors, limits.
enum ReplyRulesReader {
    static func source(_ node: ConfigurationNode) -> ValueSource? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        if let source = source(in: mapping) { return source }
        if !["json", "header", "body"].contains(where: mapping.has) { node.fault("must be {json: /pointer}, {header: name} or {body: text}") }
        return nil
    }

    /// Takes the one source a mapping names beside its other keys.
    static func source(in mapping: ConfigurationMapping) -> ValueSource? {
        let json = mapping.take("json")
        let header = mapping.take("header")
        let body = mapping.take("body")
        if [json, header, body].compactMap({ $0 }).count > 1 { mapping.place.fault("names more than one source") }
        if let json {
            let text = json.isNull ? "" : json.string() ?? ""
            if let pointer = JSONPointer(text) { return .json(pointer) }
            json.fault("is not a JSON Pointer (RFC 6901), such as /data/token")
        } else if let header, let text = header.string() {
            if let name = HTTPField.Name(text) { return .header(name) }
            header.fault("is not a field name (RFC 9110 §5.1)")
        } else if let body, let text = body.string() {
            if text == "text" { return .body }
            body.fault("can only be text")
        }
        return nil
    }

    static func keep(_ node: ConfigurationNode) -> [KeptValue] {
        guard let mapping = node.mapping() else { return [] }
        return mapping.members.compactMap { member in
            if !Names.isValidInput(member.name) { member.node.fault("a kept value's name is snake_case: a-z, 0-9 and underscore") }
            guard let settings = member.node.mapping() else { return nil }
            defer { settings.finish() }
            let isOptional = settings.take("optional")?.bool() ?? false
            let kind = settings.take("kind")?.word(InputDefinition.Kind.self) ?? .text
            guard let source = source(in: settings) else {
                if !["json", "header", "body"].contains(where: settings.has) { member.node.fault("must name a source, such as {json: /pointer}") }
                return nil
            }
            return KeptValue(name: member.name, source: source, isOptional: isOptional, kind: kind)
        }
    }

    static func success(_ node: ConfigurationNode) -> SuccessRule? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        var rule = SuccessRule()
        if let statuses = mapping.take("status") { rule.statuses = self.statuses(statuses) }
        rule.tests = mapping.take("when").map(tests) ?? []
        return rule
    }

    static func errors(_ node: ConfigurationNode) -> ErrorRules {
        guard let mapping = node.mapping() else { return ErrorRules() }
        defer { mapping.finish() }
        var rules = ErrorRules()
        rules.rejected = mapping.take("rejected").map(tests) ?? []
        rules.throttled = mapping.take("throttled").map(tests) ?? []
        rules.transient = mapping.take("transient").map(tests) ?? []
        rules.refused = mapping.take("refused").map(tests) ?? []
        rules.message = mapping.take("message")?.list()?.compactMap(source) ?? []
        rules.retryAfter = mapping.take("retry_after")?.list()?.compactMap(retryAfter) ?? []
        return rules
    }

    private static func tests(_ node: ConfigurationNode) -> [ReplyTest] {
        node.list()?.compactMap(test) ?? []
    }

    private static func test(_ node: ConfigurationNode) -> ReplyTest? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        var test = ReplyTest()
        if let statuses = mapping.take("status") { test.statuses = self.statuses(statuses) }
        if let text = mapping.take("text") {
            test.source = .text
            test.condition = text.mapping().flatMap { inner in
                defer { inner.finish() }
                return inner.require("matches")?.pattern().map { .matches($0) }
            }
            return test.condition == nil ? nil : test
        }
        test.source = source(in: mapping)
        let conditions = [
            mapping.take("equals").flatMap(equals), mapping.take("exists")?.bool().map { .exists($0) },
            mapping.take("matches")?.pattern().map { .matches($0) },
        ]
        test.condition = conditions.compactMap { $0 }.first
        if test.source != nil, !["equals", "exists", "matches"].contains(where: mapping.has) {
            node.fault("needs equals, exists or matches beside its source")
        }
        if test.source == nil, test.condition != nil { node.fault("needs a source, such as json: /pointer, beside its condition") }
        if test.source == nil, !mapping.has("status") { node.fault("tests nothing; give a status or a source") }
        return test
    }

    private static func equals(_ node: ConfigurationNode) -> ReplyTest.Condition? {
        switch node.scalar {
        case .string(let text): return .equals(.string(text))
        case .bool(let flag): return .equals(.bool(flag))
        case .null: return .equals(.null)
        case .number(let text): return Double(text).map { .equals(.number($0)) }
        case .integer(let text):
            let digits = text.hasPrefix("-") ? text.dropFirst() : Substring(text)
            if digits.count > 1, digits.hasPrefix("0") {
                node.fault("\(text) without quotes is a number; write \"\(text)\" for the text")
                return nil
            }
            return Int64(text).map { .equals(.integer($0)) }
        case nil:
            node.fault("must be a string, a number, true, false or null")
            return nil
        }
    }

    private static func statuses(_ node: ConfigurationNode) -> [StatusPattern] {
        let nodes = node.isSequence ? node.list() ?? [] : [node]
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

    private static func retryAfter(_ node: ConfigurationNode) -> RetryAfterSource? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        let pattern = mapping.take("matches")?.pattern()
        let unit = mapping.take("unit").flatMap(unit) ?? .seconds(1)
        guard let source = source(in: mapping) else {
            node.fault("must name a source, such as {header: Retry-After}")
            return nil
        }
        return RetryAfterSource(source: source, pattern: pattern, unit: unit)
    }

    static func unit(_ node: ConfigurationNode) -> Duration? {
        switch node.string() {
        case "seconds": return .seconds(1)
        case "milliseconds": return .milliseconds(1)
        case "minutes": return .seconds(60)
        default:
            node.fault("must be seconds, milliseconds or minutes")
            return nil
        }
    }

    static func limit(_ node: ConfigurationNode) -> Rate? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        return mapping.take("logins")?.rate()
    }
}
