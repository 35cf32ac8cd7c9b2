import Time
import YAML

/// Reads `zone:`, an offset from UTC or a name of the time zone database.
enum ZoneReader {
    static func read(_ node: YAMLNode) -> TimeZoneRules? {
        guard let text = node.string() else { return nil }
        if text == "UTC" { return TimeZoneRules(offset: .zero) }
        if let offset = CalendarTime.parseOffset(text) { return TimeZoneRules(offset: offset) }
        if let zone = TimeZoneRules(named: text) { return zone }
        node.fault("must be UTC, an offset such as +05:45, or a name in /usr/share/zoneinfo such as Europe/Berlin")
        return nil
    }
}
