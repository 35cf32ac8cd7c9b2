import LocalHTTP

/// The media types of Accept, or the codings of Accept-Encoding, with their weights (RFC 9110 §12.5.1, §12.5.3).
struct AcceptedTypes {
    private var ranges: [(type: [UInt8], weight: Int)] = []

    /// Ranges beyond this many are passed over.
    private static let most = 32

    /// Reads every field line; none: everything is accepted.
    init(_ name: FieldName = .accept, _ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
        for field in head.fields where field.name == name {
            var start = field.value.lowerBound
            while start < field.value.upperBound, ranges.count < Self.most {
                var end = start
                while end < field.value.upperBound, bytes[end] != UInt8(ascii: ",") { end += 1 }
                add((start..<end).map { bytes[$0].asciiLowercased })
                start = end + 1
            }
        }
    }

    private mutating func add(_ element: [UInt8]) {
        let parts = element.split(separator: UInt8(ascii: ";")).map { part in part.filter { $0 != 0x20 && $0 != 0x09 } }
        guard let type = parts.first, !type.isEmpty else { return }
        let weight = parts.dropFirst().first { $0.starts(with: Array("q=".utf8)) }.map { Self.thousandths($0.dropFirst(2)) }
        ranges.append((Array(type), weight ?? 1000))
    }

    /// `0.5` as 500; what is no weight counts as 1.
    private static func thousandths(_ text: some Collection<UInt8>) -> Int {
        let digits = text.filter { $0 != UInt8(ascii: ".") }
        guard !digits.isEmpty, digits.count <= 4, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return 1000 }
        let padded = digits + Array(repeating: UInt8(ascii: "0"), count: 4 - digits.count)
        return min(1000, padded.reduce(0) { $0 * 10 + Int($1 - 0x30) })
    }

    /// The weight of a type, 0...1000, by the most specific range that covers it.
    private func weight(of type: StaticString, _ group: StaticString) -> Int {
        if ranges.isEmpty { return 1000 }
        func found(_ text: StaticString) -> Int? { text.withUTF8Buffer { wanted in ranges.first { unsafe $0.type.elementsEqual(wanted) }?.weight } }
        return found(type) ?? found(group) ?? found("*/*") ?? found("*") ?? 0
    }

    /// Whether gzip is accepted; it is not unless it is asked for.
    var takesGzip: Bool { !ranges.isEmpty && weight(of: "gzip", "gzip") > 0 }

    /// Whether OpenMetrics is preferred to Prometheus's own text.
    var prefersOpenMetrics: Bool { weight(of: "application/openmetrics-text", "application/*") > weight(of: "text/plain", "text/*") }

    /// Whether plain text is preferred to JSON.
    var prefersText: Bool { weight(of: "text/plain", "text/*") > weight(of: "application/json", "application/*") }
}
