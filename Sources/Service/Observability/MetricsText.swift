/// Metrics as text: OpenMetrics 1.0.0, or Prometheus text 0.0.4 for those who do not ask for it. Families in order, each sample after its
/// family.
package struct MetricsText {
    package enum Format: Sendable {
        case openMetrics, prometheus

        package var contentType: String {
            switch self {
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            }
        }
    }

    enum Kind: String { case counter, gauge, histogram, info }

    private(set) var bytes: [UInt8] = []
    private let format: Format
    private var current = ""

    init(_ format: Format = .openMetrics) {
        self.format = format
    }

    /// Begins a family; a name that ends in a unit (`_seconds`, `_bytes`) declares that unit.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        current = name
        switch format {
        case .openMetrics:
            bytes += "# TYPE \(name) \(kind.rawValue)\n".utf8
            for unit in ["seconds", "bytes"] where name.hasSuffix("_\(unit)") { bytes += "# UNIT \(name) \(unit)\n".utf8 }
            bytes += "# HELP \(name) \(help)\n".utf8
        case .prometheus:
            // There a family bears the name of its samples, and an info is a gauge.
            let sampled = kind == .counter ? "\(name)_total" : kind == .info ? "\(name)_info" : name
            bytes += "# HELP \(sampled) \(help)\n# TYPE \(sampled) \(kind == .info ? "gauge" : kind.rawValue)\n".utf8
        }
    }

    mutating func sample(_ suffix: String, _ labels: [(name: String, value: String)], _ value: UInt64) {
        line(suffix, labels, String(value))
    }

    mutating func sample(_ suffix: String, _ labels: [(name: String, value: String)], _ value: Double) {
        line(suffix, labels, value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value))
    }

    private mutating func line(_ suffix: String, _ labels: [(name: String, value: String)], _ value: String) {
        bytes += current.utf8
        bytes += suffix.utf8
        for (place, label) in labels.enumerated() {
            bytes.append(UInt8(ascii: place == 0 ? "{" : ","))
            bytes += label.name.utf8
            bytes += "=\"".utf8
            appendEscaped(label.value)
            bytes.append(UInt8(ascii: "\""))
        }
        if !labels.isEmpty { bytes.append(UInt8(ascii: "}")) }
        bytes.append(UInt8(ascii: " "))
        bytes += value.utf8
        bytes.append(UInt8(ascii: "\n"))
    }

    mutating func end() { if format == .openMetrics { bytes += "# EOF\n".utf8 } }

    private mutating func appendEscaped(_ value: String) {
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""): bytes += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): bytes += "\\n".utf8
            default: bytes.append(byte)
            }
        }
    }
}
