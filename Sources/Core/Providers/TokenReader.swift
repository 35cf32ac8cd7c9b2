import Time
import Tokens
import YAML

/// Reads `token:`.
enum TokenReader {
    static func read(_ node: YAMLNode, scope: inout Set<String>) -> TokenReading? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        let source = mapping.require("from").flatMap(SourceReader.read)
        let format = mapping.take("format")?.word(TokenReading.Format.self) ?? .opaque
        let type = mapping.take("type")?.string() ?? "Bearer"
        let pattern = mapping.take("pattern")?.pattern()
        let claim = mapping.take("jwt_exp")
        if let claim, claim.string() != "ignore" { claim.fault("must be the word ignore") }
        let keep = mapping.take("keep").map(ReplyRulesReader.keep) ?? []
        let expires = mapping.take("expires").map(expiry) ?? []
        let refreshToken = mapping.take("refresh_token").flatMap(SourceReader.read)
        let suggested = mapping.take("suggested_lifetime")?.duration(in: Expiry.range)
        scope.formUnion(keep.map(\.name))
        guard let source else { return nil }
        return TokenReading(
            source: source, format: format, type: type, keep: keep, ignoresClaim: claim != nil, pattern: pattern, refreshToken: refreshToken,
            expires: expires, suggestedLifetime: suggested)
    }

    /// Reads a list of expiry sources.
    static func expiry(_ node: YAMLNode) -> [ExpirySource] {
        let sources = node.list() ?? []
        if node.isSequence, sources.isEmpty { node.fault("needs at least one source, such as {after: 30m}") }
        return sources.compactMap(expirySource)
    }

    private static func expirySource(_ node: YAMLNode) -> ExpirySource? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        if let after = mapping.take("after") { return after.duration(in: Expiry.range).map { .after($0) } }
        if let never = mapping.take("never") {
            if never.bool() == false { never.fault("must be true") }
            return .never
        }
        if let claim = mapping.take("jwt") { return claim.string().map { .claim($0) } }
        guard let source = SourceReader.read(in: mapping) else {
            if !SourceReader.isNamed(in: mapping) {
                node.fault("must be \(SourceReader.forms) with a unit or format, {jwt: exp}, {after: duration} or {never: true}")
            }
            return nil
        }
        let unit = mapping.take("unit")
        let format = mapping.take("format")
        let zone = mapping.take("zone").flatMap(offset)
        if unit != nil, format != nil { node.fault("has both unit and format; use unit for a lifetime, format for a point in time") }
        if let unit { return ReplyRulesReader.unit(unit).map { .value(source, .lifetime(unit: $0)) } }
        guard let format else {
            node.fault("needs unit: seconds|milliseconds|minutes or format: rfc3339|unix|unix_ms")
            return nil
        }
        switch format.string() {
        case "rfc3339": return .value(source, .rfc3339(zone: zone))
        case "unix": return .value(source, .unixSeconds)
        case "unix_ms": return .value(source, .unixMilliseconds)
        default:
            format.fault("must be rfc3339, unix or unix_ms")
            return nil
        }
    }

    private static func offset(_ node: YAMLNode) -> Duration? {
        guard let text = node.string() else { return nil }
        if text == "UTC" { return .zero }
        guard let offset = CalendarTime.parseOffset(text) else {
            node.fault("must be UTC or an offset such as +05:45")
            return nil
        }
        return offset
    }
}
