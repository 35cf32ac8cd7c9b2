import LocalHTTP
import TestSupport

/// The parser of requests with its chunked decoder: the first byte says where the message is cut.
///
/// For any bytes the parser ends within its input; cut in two anywhere it says the same; a parser that read something else before says the
/// same; and what it accepts is what a reader written from the grammar alone would accept.
enum RequestParserTarget {
    static func run(_ bytes: [UInt8]) {
        guard bytes.count > 1 else { return }
        let message = Array(bytes.dropFirst())
        check(message, cut: Int(bytes[0]) * message.count / 256)
    }

    private static func check(_ bytes: [UInt8], cut: Int) {
        let parser = RequestParser(limits: ServerLimits.usual)
        let whole = parser.parse(bytes.span)
        let body = parser.chunkedBody ?? (parser.bodyRange.upperBound <= bytes.count ? Array(bytes[parser.bodyRange]) : [])
        if case .complete(let length) = whole {
            hold(length > 0 && length <= bytes.count, "the end lies beyond the input")
            if let objection = SecondOpinion.objection(to: Array(bytes[..<length]), body: body) { hold(false, "accepted: \(objection)") }
        }
        let pieces = RequestParser(limits: ServerLimits.usual)
        let first = pieces.parse(Array(bytes[..<cut]).span)
        let outcome = first == .needsMore ? pieces.parse(bytes.span) : first
        // What comes behind a whole message is another message's.
        if case .complete(let length) = whole, length <= cut {
            hold(first == whole, "cut behind the message")
        } else {
            hold(outcome == whole, "cut at \(cut): \(outcome), whole: \(whole)")
        }
        parser.reset()
        hold(parser.parse(bytes.span) == whole, "another outcome the second time")
    }
}

/// A second opinion on accepted messages: RFC 9112 read by lines, slowly, sharing no code with the parser.
private struct SecondOpinion {
    /// Nil where the message is beyond doubt, else what is wrong with it.
    static func objection(to message: [UInt8], body: [UInt8]) -> String? {
        var rest = message[...]
        if rest.starts(with: [13, 10]) { rest = rest.dropFirst(2) }
        guard let end = ending(of: rest) else { return "no end of the header" }
        let lines = split(rest[..<end])
        guard !lines.contains(where: { $0.contains(13) || $0.contains(10) || $0.contains(0) }) else { return "a bare CR, LF or NUL" }
        let fields = lines.dropFirst().map(field)
        guard !fields.contains(where: { $0 == nil }) else { return "a field line without a name" }
        let known = fields.compactMap { $0 }
        let hosts = known.count { $0.name == "host" }
        // HTTP/1.0 has no Host.
        let isOld = String(decoding: lines.first ?? [], as: UTF8.self).hasSuffix(" HTTP/1.0")
        guard hosts == 1 || isOld && hosts == 0 else { return "not one Host" }
        let lengths = known.filter { $0.name == "content-length" }
        let codings = known.filter { $0.name == "transfer-encoding" }
        guard lengths.count + codings.count <= 1 else { return "more than one framing" }
        let after = rest[end...].dropFirst(4)
        if let length = lengths.first { return Int(length.value) == after.count && body == Array(after) ? nil : "a body of another length" }
        if codings.isEmpty { return after.isEmpty && body.isEmpty ? nil : "a body without framing" }
        return decoded(after) == body ? nil : "another chunked body"
    }

    private static func ending(of bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (bytes.startIndex...bytes.endIndex - 4).first { bytes[$0..<$0 + 4].elementsEqual([13, 10, 13, 10]) }
    }

    private static func split(_ bytes: ArraySlice<UInt8>) -> [[UInt8]] {
        var lines: [[UInt8]] = [[]]
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == 13, index + 1 < bytes.endIndex, bytes[index + 1] == 10 {
                lines.append([])
                index += 2
            } else {
                lines[lines.count - 1].append(bytes[index])
                index += 1
            }
        }
        return lines
    }

    private static func field(_ line: [UInt8]) -> (name: String, value: String)? {
        guard let colon = line.firstIndex(of: 58), colon > 0, line[..<colon].allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
        let value = line[(colon + 1)...].drop { $0 == 32 || $0 == 9 }.reversed().drop { $0 == 32 || $0 == 9 }.reversed()
        return (String(decoding: line[..<colon], as: UTF8.self).lowercased(), String(decoding: value, as: UTF8.self))
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var body: [UInt8] = []
        var rest = bytes
        while let end = rest.indices.first(where: { $0 + 1 < rest.endIndex && rest[$0] == 13 && rest[$0 + 1] == 10 }) {
            let digits = rest[..<end].prefix { ($0 >= 48 && $0 <= 57) || ($0 | 32 >= 97 && $0 | 32 <= 102) }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16) else { return nil }
            rest = rest[(end + 2)...]
            if size == 0 { return rest.suffix(2).elementsEqual([13, 10]) ? body : nil }
            guard rest.count >= size + 2, rest.dropFirst(size).prefix(2).elementsEqual([13, 10]) else { return nil }
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return nil
    }
}
