/// Reads one request from bytes that may arrive in pieces of any size, strictly by RFC 9112. Used by one loop at a time.
///
/// Positions count from the first byte of the request. Pass all bytes of the request so far each time; the parser continues
/// where it stopped. Where RFC 9112 allows a server to be lenient, the parser is strict: lines end in CRLF, no whitespace
/// precedes a colon, no field line is folded, Content-Length occurs once, and the only transfer coding is `chunked`.
public final class RequestParser {
    public enum Progress: Sendable, Equatable {
        case needsMore
        /// A complete request of this many bytes.
        case complete(length: Int)
        case refused(MessageFault)
    }

    private enum Phase: Sendable {
        case start, fields, body(end: Int), chunks, complete
    }

    public private(set) var head = RequestHead()
    /// Whether Host may be any field: over a unix socket clients put a path there, or nothing. False by default.
    public var takesAnyHost = false
    /// The range of the body in the bytes; empty where there is no body or it was chunked.
    public private(set) var bodyRange = 0..<0
    /// The body assembled from its chunks; nil where it was not chunked.
    public var chunkedBody: [UInt8]? { isChunked ? decoder.body : nil }

    private var phase = Phase.start
    private var position = 0
    /// How far the current line has been searched for its end.
    private var scanned = 0
    private var contentLength: Int?
    private var isChunked = false
    private var hostCount = 0
    private var hasAuthorization = false
    private var decoder = ChunkedDecoder()
    private let limits: ServerLimits

    public init(limits: ServerLimits) {
        self.limits = limits
        head.fields.reserveCapacity(16)
    }

    /// Whether the complete head has been read.
    public var hasHead: Bool {
        switch phase {
        case .start, .fields: false
        case .body, .chunks, .complete: true
        }
    }

    /// Whether a byte of a request line has been read; false where only the empty line before it has arrived.
    public var hasBegun: Bool {
        if case .start = phase { return scanned > position }
        return true
    }

    /// Makes this request the last one of the connection, whatever its fields say.
    public func endConnection() { head.keepsAlive = false }

    /// Prepares the parser for the next request and keeps its memory.
    public func reset() {
        head.reset()
        bodyRange = 0..<0
        phase = .start
        position = 0
        scanned = 0
        contentLength = nil
        if isChunked { decoder = ChunkedDecoder() }
        isChunked = false
        hostCount = 0
        hasAuthorization = false
    }

    public func parse(_ bytes: Span<UInt8>) -> Progress {
        do throws(MessageFault) {
            return try advance(bytes)
        } catch {
            return .refused(error)
        }
    }

    private func advance(_ bytes: Span<UInt8>) throws(MessageFault) -> Progress {
        while true {
            switch phase {
            case .start:
                guard let line = try nextLine(bytes, startsMessage: true) else { return .needsMore }
                // RFC 9112 §2.2: an empty line before the request line is ignored, but only one.
                if line.isEmpty && line.lowerBound == 0 { continue }
                try RequestLine.read(line, of: bytes, into: &head)
                phase = .fields
            case .fields:
                guard let line = try nextLine(bytes, startsMessage: false) else { return .needsMore }
                if line.isEmpty { try endHead() } else { try readField(line, of: bytes) }
            case .body(let end):
                guard bytes.count >= end else { return .needsMore }
                position = end
                phase = .complete
            case .chunks:
                guard try decoder.decode(bytes, from: &position, limits: limits, headBytes: scanned) else { return .needsMore }
                phase = .complete
            case .complete:
                return .complete(length: position)
            }
        }
    }

    /// The next line without its CRLF, or nil while its end has not arrived.
    private func nextLine(_ bytes: Span<UInt8>, startsMessage: Bool) throws(MessageFault) -> Range<Int>? {
        var index = max(scanned, position)
        let count = bytes.count
        while index < count {
            while index + 8 <= count, bytes.hasOnlyFieldBytes(at: index) { index += 8 }
            guard index < count else { break }
            let byte = bytes[index]
            if byte == 0x0D {
                guard index + 1 < count else { break }
                guard bytes[index + 1] == 0x0A else { throw .malformed("a carriage return without a line feed") }
                guard index + 2 <= limits.headerBytes else { throw startsMessage ? .targetTooLong : .headersTooLarge }
                defer {
                    position = index + 2
                    scanned = position
                }
                return position..<index
            }
            guard byte != 0x0A else { throw .malformed("a line feed without a carriage return") }
            guard ByteClass.field.contains(byte) else { throw .malformed("a control byte in the header") }
            index += 1
        }
        guard index < limits.headerBytes else { throw startsMessage ? .targetTooLong : .headersTooLarge }
        scanned = index
        return nil
    }

    private func readField(_ line: Range<Int>, of bytes: Span<UInt8>) throws(MessageFault) {
        guard head.fields.count < limits.fields else { throw .headersTooLarge }
        let field = try FieldLine.read(line, of: bytes)
        head.fields.append(field)
        switch field.name {
        case .host:
            hostCount += 1
            guard takesAnyHost || Authority.isWellFormed(field.value, of: bytes) else { throw .malformed("a malformed Host") }
        case .authorization:
            guard !hasAuthorization else { throw .malformed("more than one Authorization") }
            hasAuthorization = true
        case .contentLength:
            guard contentLength == nil else { throw .malformed("more than one Content-Length") }
            contentLength = try Self.length(field.value, of: bytes)
        case .transferEncoding:
            guard !isChunked, bytes.matches(field.value, lowercase: "chunked") else { throw .malformed("a Transfer-Encoding other than chunked") }
            isChunked = true
        case .expect:
            guard bytes.matches(field.value, lowercase: "100-continue") else { throw .expectationFailed }
            head.expectsContinue = true
        case .connection:
            if Self.list(field.value, of: bytes, contains: "close") { head.keepsAlive = false }
        default:
            break
        }
    }

    private func endHead() throws(MessageFault) {
        // A client of HTTP/1.0 need not send Host, and no browser is one.
        guard hostCount <= 1 else { throw .malformed("more than one Host field") }
        guard hostCount == 1 || head.minorVersion == 0 else { throw .malformed("no Host field") }
        // RFC 9112 §6.1: a sender must not send both, and a recipient may refuse them. Accepting both enables request smuggling.
        guard !isChunked || contentLength == nil else { throw .malformed("both Content-Length and Transfer-Encoding") }
        if head.minorVersion == 0 {
            guard !isChunked else { throw .malformed("HTTP/1.0 with Transfer-Encoding") }
            head.keepsAlive = false
            head.expectsContinue = false  // RFC 9110 §10.1.1
        }
        if isChunked {
            phase = .chunks
        } else if let length = contentLength, length > 0 {
            guard length <= limits.bodyBytes else { throw .payloadTooLarge }
            bodyRange = position..<position + length
            phase = .body(end: position + length)
        } else {
            phase = .complete
        }
    }

    /// `Content-Length = 1*DIGIT` (RFC 9110 §8.6); a list of equal values is refused too.
    private static func length(_ value: Range<Int>, of bytes: Span<UInt8>) throws(MessageFault) -> Int {
        guard !value.isEmpty else { throw .malformed("an empty Content-Length") }
        for index in value {
            guard (0x30...0x39).contains(bytes[index]) else { throw .malformed("a Content-Length that is not a number") }
        }
        guard value.count <= 18 else { throw .payloadTooLarge }
        return value.reduce(0) { $0 * 10 + Int(bytes[$1] - 0x30) }
    }

    /// Whether a comma-separated list contains an option, case-insensitively.
    private static func list(_ value: Range<Int>, of bytes: Span<UInt8>, contains option: StaticString) -> Bool {
        var start = value.lowerBound
        while start <= value.upperBound {
            var end = start
            while end < value.upperBound, bytes[end] != 0x2C { end += 1 }
            if bytes.matches(FieldLine.trimmed(start..<end, of: bytes), lowercase: option) { return true }
            start = end + 1
        }
        return false
    }
}
