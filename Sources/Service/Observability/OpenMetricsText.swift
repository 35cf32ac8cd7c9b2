/// Metrics in the OpenMetrics text format 1.0.0: families in order, each sample after its family, `# EOF` at the end.
struct OpenMetricsText {
    enum Kind: String { case counter, gauge, histogram, info }

    static let contentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    private(set) var bytes: [UInt8] = []
    private var current = ""

    /// Begins a family; a name that ends in a unit (`_seconds`, `_bytes`) declares that unit.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        current = name
        bytes += "# TYPE \(name) \(kind.rawValue)\n".utf8
        for unit in ["seconds", "bytes"] where name.hasSuffix("_\(unit)") { bytes += "# UNIT \(name) \(unit)\n".utf8 }
        bytes += "# HELP \(name) \(help)\n".utf8
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
        if !labels.isEmpty {
            bytes += "{\(labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ","))}".utf8
        }
        bytes += " \(value)\n".utf8
    }

    mutating func end() { bytes += "# EOF\n".utf8 }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
