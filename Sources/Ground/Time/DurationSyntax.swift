/// Durations as people write them in the configuration and read them in responses.
package enum DurationSyntax {
    private static let units: [(suffix: String, seconds: Int64)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]

    /// Reads `90s`, `15m`, `24h`, `7d`, `250ms` and sums such as `1h30m`; nil for anything else, including a number without a unit.
    package static func parse(_ text: String) -> Duration? {
        var rest = Substring(text)
        var total = Duration.zero
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard !digits.isEmpty, digits.count <= 9, let number = Int64(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            if rest.hasPrefix("ms") {
                total += .milliseconds(number)
                rest = rest.dropFirst(2)
            } else if let unit = units.first(where: { rest.hasPrefix($0.suffix) }) {
                total += .seconds(number * unit.seconds)
                rest = rest.dropFirst(unit.suffix.count)
            } else {
                return nil
            }
        }
        return text.isEmpty ? nil : total
    }

    /// Writes the shortest form that `parse` reads back: `15m`, `1h30m`, `250ms`.
    package static func format(_ duration: Duration) -> String {
        let milliseconds = duration.nanoseconds / 1_000_000
        // Ten digits and more are no number to `parse`.
        if milliseconds % 1000 != 0, milliseconds >= 1_000_000_000 {
            return format(.seconds(milliseconds / 1000)) + "\(milliseconds % 1000)ms"
        }
        guard milliseconds % 1000 == 0 else { return "\(milliseconds)ms" }
        var rest = milliseconds / 1000
        guard rest != 0 else { return "0s" }
        var text = ""
        for unit in units where rest >= unit.seconds {
            text += "\(rest / unit.seconds)\(unit.suffix)"
            rest %= unit.seconds
        }
        return text
    }

    /// Writes a duration for people, in at most two units: `4 min`, `22 h`, `1 min 30 s`, `3 d 4 h`.
    package static func words(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        if seconds < 1 { return duration > .zero ? "under 1 s" : "0 s" }
        let names = ["d", "h", "min", "s"]
        var parts: [String] = []
        var rest = seconds
        for (unit, name) in zip(units, names) where rest >= unit.seconds {
            parts.append("\(rest / unit.seconds) \(name)")
            rest %= unit.seconds
            if parts.count == 2 { break }
        }
        // Seconds are noise next to hours, days, or ten minutes and more.
        if parts.count == 2, parts[1].hasSuffix(" s"), seconds >= 600 { parts.removeLast() }
        return parts.joined(separator: " ")
    }
}
