import Time
import Tokens
import YAML

/// Reads `expires:`.
struct ExpiryReader {
    let sources: SourceReader

    func read(_ node: YAMLNode) -> [ExpirySource] {
        let elements = node.list() ?? []
        if node.isSequence, elements.isEmpty { node.fault("needs at least one source, such as {after: 30m}") }
        return elements.compactMap(source)
    }

    private func source(_ node: YAMLNode) -> ExpirySource? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        if let after = mapping.take("after") { return after.duration(in: Expiry.range).map { .after($0) } }
        if let never = mapping.take("never") {
            if never.bool() == false { never.fault("must be true") }
            return .never
        }
        if let claim = mapping.take("jwt") { return claim.string().map { .claim($0) } }
        let (unit, format, zoneNode) = (mapping.take("unit"), mapping.take("format"), mapping.take("zone"))
        guard let list = sources.read(in: mapping) else {
            if !SourceReader.isNamed(in: mapping) {
                node.fault("must be \(SourceReader.forms) with a unit or format, {cookie: name}, {jwt: exp}, {after: duration} or {never: true}")
            }
            return nil
        }
        let zone = zoneNode.flatMap(ZoneReader.read)
        if unit != nil, format != nil { node.fault("has both unit and format; use unit for a lifetime, format for a point in time") }
        if let unit { return ReplyRulesReader.unit(unit).map { .value(list, [.lifetime(unit: $0)]) } }
        if let format { return formats(format, zone: zone).map { .value(list, $0) } }
        if list.sources.count == 1, list.sources[0].pattern == nil {
            switch list.sources[0].place {
            case .cookie(let name): return .cookie(name, step: list.sources[0].step)
            case .allCookies: return .cookie(nil, step: list.sources[0].step)
            default: break
            }
        }
        node.fault("needs unit: seconds|milliseconds|minutes or format: rfc3339|unix|unix_ms|http_date|D:HH:MM or a pattern of strptime(3)")
        return nil
    }

    private func formats(_ node: YAMLNode, zone: TimeZoneRules?) -> [ExpirySource.Format]? {
        let elements = node.isSequence ? node.list() ?? [] : [node]
        if elements.isEmpty { node.fault("needs at least one format") }
        let formats = elements.compactMap { format($0, zone: zone) }
        return formats.isEmpty ? nil : formats
    }

    private func format(_ node: YAMLNode, zone: TimeZoneRules?) -> ExpirySource.Format? {
        guard let word = node.string() else { return nil }
        switch word {
        case "rfc3339": return .rfc3339(zone: zone)
        case "unix": return .unixSeconds
        case "unix_ms": return .unixMilliseconds
        case "http_date": return .httpDate
        case "D:HH:MM": return .daysHoursMinutes
        default:
            if let problem = TimePattern.problem(with: word) {
                node.fault(
                    "must be rfc3339, unix, unix_ms, http_date, D:HH:MM or a pattern of strptime(3) such as \"%d/%m/%Y %H:%M:%S\"; this one \(problem)"
                )
                return nil
            }
            if zone == nil, !word.contains("%z"), !word.contains("%s") {
                node.fault("has no %z, so the zone of the time must be said: zone: UTC, +05:45 or Europe/Berlin")
            }
            return .pattern(word, zone: zone)
        }
    }
}
