package import Contract
package import LocalHTTP
import Text

/// The path and query of a request, decoded once and strictly.
package struct RequestTarget: Sendable {
    package var segments: [String] = []
    /// The parameters in order; each name may appear once.
    package var query: [(name: String, value: String)] = []

    /// Pairs of a query at most. The target is read before its sender is known, so that its cost must not grow with more than its bytes.
    package static let maximumPairs = 64
    /// More segments than any route has.
    private static let maximumSegments = 8

    package init(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) throws(Problem) {
        if head.form == .asterisk || head.form == .authority { return }
        guard Self.count(of: 0x2F, in: head.path, of: bytes) <= Self.maximumSegments else { throw Problem(.notFound, "there is no such path") }
        for segment in Self.pieces(head.path, of: bytes, at: 0x2F).dropFirst() {
            segments.append(try Self.decoded(segment, plusIsSpace: false))
        }
        if segments.last == "" { segments.removeLast(segments.count == 1 ? 1 : 0) }
        guard let range = head.query, !range.isEmpty else { return }
        guard Self.count(of: 0x26, in: range, of: bytes) < Self.maximumPairs else {
            throw Problem(.invalidParameter, "the query has more than \(Self.maximumPairs) parameters")
        }
        var names: Set<[UInt8]> = []
        for pair in Self.pieces(range, of: bytes, at: 0x26) where !pair.isEmpty {
            let end = pair.firstIndex(of: 0x3D) ?? pair.endIndex
            let name = try Self.decoded(Array(pair[..<end]), plusIsSpace: true)
            let value = end == pair.endIndex ? "" : try Self.decoded(Array(pair[(end + 1)...]), plusIsSpace: true)
            guard names.insert(Array(name.utf8)).inserted else { throw Problem(.invalidParameter, "\(name) appears in the query twice") }
            query.append((name, value))
        }
    }

    private static func count(of byte: UInt8, in range: Range<Int>, of bytes: Span<UInt8>) -> Int {
        var count = 0
        for index in range where bytes[index] == byte { count += 1 }
        return count
    }

    package func value(_ name: String) -> String? { query.first { $0.name == name }?.value }

    private static func pieces(_ range: Range<Int>, of bytes: Span<UInt8>, at separator: UInt8) -> [[UInt8]] {
        range.map { bytes[$0] }.split(separator: separator, omittingEmptySubsequences: false).map(Array.init)
    }

    /// Decodes percent escapes (RFC 3986 §2.1); refuses a malformed escape, a NUL and, in a path, an encoded slash.
    private static func decoded(_ bytes: [UInt8], plusIsSpace: Bool) throws(Problem) -> String {
        guard let decoded = FormText.decode(bytes, plusIsSpace: plusIsSpace), !decoded.contains(0), plusIsSpace || !decoded.contains(0x2F) else {
            throw Problem(.invalidParameter, "a percent escape in the target is malformed")
        }
        guard let text = String(validating: decoded, as: UTF8.self) else { throw Problem(.invalidParameter, "the target is not UTF-8") }
        return text
    }
}
