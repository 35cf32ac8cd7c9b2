/// Reads `method SP request-target SP HTTP-version` (RFC 9112 §3), separated by exactly one space.
enum RequestLine {
    static func read(_ line: Range<Int>, of bytes: Span<UInt8>, into head: inout RequestHead) throws(MessageFault) {
        var index = line.lowerBound
        while index < line.upperBound, ByteClass.token.contains(bytes[index]) { index += 1 }
        guard index > line.lowerBound, index < line.upperBound, bytes[index] == 0x20 else { throw .malformed("a method that is not a token") }
        head.method = method(line.lowerBound..<index, of: bytes)
        let start = index + 1
        index = start
        while index < line.upperBound, ByteClass.target.contains(bytes[index]) { index += 1 }
        guard index > start, index < line.upperBound, bytes[index] == 0x20 else { throw .malformed("an invalid byte in the target") }
        try readTarget(start..<index, of: bytes, into: &head)
        head.minorVersion = try version(index + 1..<line.upperBound, of: bytes)
    }

    /// Methods are case-sensitive (RFC 9110 §9.1).
    private static func method(_ range: Range<Int>, of bytes: Span<UInt8>) -> RequestMethod {
        if bytes.isExactly(range, "GET") { return .get }
        if bytes.isExactly(range, "HEAD") { return .head }
        if bytes.isExactly(range, "POST") { return .post }
        if bytes.isExactly(range, "OPTIONS") { return .options }
        if bytes.isExactly(range, "PUT") { return .put }
        if bytes.isExactly(range, "DELETE") { return .delete }
        if bytes.isExactly(range, "PATCH") { return .patch }
        if bytes.isExactly(range, "TRACE") { return .trace }
        return bytes.isExactly(range, "CONNECT") ? .connect : .other
    }

    private static func version(_ range: Range<Int>, of bytes: Span<UInt8>) throws(MessageFault) -> UInt8 {
        guard range.count == 8, bytes.isExactly(range.lowerBound..<range.lowerBound + 5, "HTTP/"), bytes[range.lowerBound + 6] == 0x2E else {
            throw .malformed("no HTTP version after the target")
        }
        let major = bytes[range.lowerBound + 5]
        let minor = bytes[range.lowerBound + 7]
        guard (0x30...0x39).contains(major), (0x30...0x39).contains(minor) else { throw .malformed("no HTTP version after the target") }
        guard major == 0x31 else { throw .versionNotSupported }
        return minor == 0x30 ? 0 : 1
    }

    private static func readTarget(
        _ target: Range<Int>, of bytes: Span<UInt8>, into head: inout RequestHead
    ) throws(MessageFault) {
        if head.method == .connect {
            // RFC 9112 §3.2.3: host and port, and nothing else.
            guard Authority.isWellFormed(target, of: bytes), Authority.host(target, of: bytes).upperBound < target.upperBound - 1 else {
                throw .malformed("a CONNECT without host and port")
            }
            head.form = .authority
            head.path = target
        } else if bytes[target.lowerBound] == 0x2F {
            head.form = .origin
            split(target, of: bytes, into: &head)
        } else if target.count == 1, bytes[target.lowerBound] == 0x2A {
            guard head.method == .options else { throw .malformed("the target * with a method other than OPTIONS") }
            head.form = .asterisk
            head.path = target
        } else {
            try readAbsolute(target, of: bytes, into: &head)
        }
    }

    /// Reads an absolute-form target, which a server must accept (RFC 9112 §3.2.2).
    private static func readAbsolute(_ target: Range<Int>, of bytes: Span<UInt8>, into head: inout RequestHead) throws(MessageFault) {
        guard target.count > 7, bytes.matches(target.lowerBound..<target.lowerBound + 7, lowercase: "http://") else {
            throw .malformed("a target that is neither a path nor an http URI")
        }
        let start = target.lowerBound + 7
        var end = start
        while end < target.upperBound, bytes[end] != 0x2F, bytes[end] != 0x3F { end += 1 }
        guard Authority.isWellFormed(start..<end, of: bytes) else { throw .malformed("a malformed host in the target") }
        head.form = .absolute
        head.authority = start..<end
        split(end..<target.upperBound, of: bytes, into: &head)
    }

    private static func split(_ range: Range<Int>, of bytes: Span<UInt8>, into head: inout RequestHead) {
        var end = range.lowerBound
        while end < range.upperBound, bytes[end] != 0x3F { end += 1 }
        head.path = range.lowerBound..<end
        head.query = end < range.upperBound ? end + 1..<range.upperBound : nil
    }
}

extension FieldLine {
    /// Reads `field-name ":" OWS field-value OWS` (RFC 9112 §5): no whitespace before the colon, no line folding.
    static func read(_ line: Range<Int>, of bytes: Span<UInt8>) throws(MessageFault) -> FieldLine {
        var colon = line.lowerBound
        while colon < line.upperBound, ByteClass.token.contains(bytes[colon]) { colon += 1 }
        guard colon > line.lowerBound, colon < line.upperBound, bytes[colon] == 0x3A else {
            throw .malformed("a field line that does not begin with a name and a colon")
        }
        let name = FieldName(line.lowerBound..<colon, of: bytes)
        return FieldLine(name: name, value: trimmed(colon + 1..<line.upperBound, of: bytes))
    }

    /// The range without the spaces and tabs at its ends.
    static func trimmed(_ range: Range<Int>, of bytes: Span<UInt8>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return start..<end
    }
}

extension FieldName {
    /// Selects a candidate by the length and first letter of the name, then compares: one comparison for each name.
    init(_ range: Range<Int>, of bytes: Span<UInt8>) {
        func named(_ text: StaticString, _ name: FieldName) -> FieldName { bytes.matches(range, lowercase: text) ? name : .other }
        func begins(_ text: StaticString) -> Bool {
            range.count >= text.utf8CodeUnitCount && bytes.matches(range.lowerBound..<range.lowerBound + text.utf8CodeUnitCount, lowercase: text)
        }
        switch (range.count, bytes[range.lowerBound].asciiLowercased) {
        case (3, UInt8(ascii: "v")): self = named("via", .via)
        case (4, UInt8(ascii: "h")): self = named("host", .host)
        case (6, UInt8(ascii: "a")): self = named("accept", .accept)
        case (6, UInt8(ascii: "c")): self = named("cookie", .cookie)
        case (6, UInt8(ascii: "e")): self = named("expect", .expect)
        case (6, UInt8(ascii: "o")): self = named("origin", .origin)
        case (7, UInt8(ascii: "r")): self = named("referer", .referer)
        case (9, UInt8(ascii: "f")): self = named("forwarded", .forwarded)
        case (9, UInt8(ascii: "x")): self = named("x-real-ip", .xRealIP)
        case (10, UInt8(ascii: "c")): self = named("connection", .connection)
        case (12, UInt8(ascii: "c")): self = named("content-type", .contentType)
        case (13, UInt8(ascii: "a")): self = named("authorization", .authorization)
        case (8, UInt8(ascii: "i")): self = named("if-match", .ifMatch)
        case (15, UInt8(ascii: "a")): self = named("accept-encoding", .acceptEncoding)
        case (13, UInt8(ascii: "i")): self = named("if-none-match", .ifNoneMatch)
        case (14, UInt8(ascii: "c")): self = named("content-length", .contentLength)
        case (17, UInt8(ascii: "t")): self = named("transfer-encoding", .transferEncoding)
        case (14, UInt8(ascii: "s")):
            self = bytes.matches(range, lowercase: "sec-fetch-site") ? .secFetchSite : begins("sec-fetch-") ? .secFetch : .other
        case (10..., UInt8(ascii: "s")): self = begins("sec-fetch-") ? .secFetch : .other
        case (12..., UInt8(ascii: "x")): self = begins("x-forwarded-") ? .xForwarded : .other
        default: self = .other
        }
    }
}
