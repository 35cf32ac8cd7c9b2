import Text

/// Decodes the chunked transfer coding (RFC 9112 §7.1) from bytes that may end at any point.
///
/// Chunk extensions are skipped, and refused past 256 bytes. Trailers count towards the header limit and are dropped.
struct ChunkedDecoder: Sendable {
    private enum Phase: Sendable {
        case size, data(remaining: Int), dataEnd, trailers
    }

    private(set) var body: [UInt8] = []
    private var phase = Phase.size
    private var trailerBytes = 0
    private var trailers = 0

    /// The digits of a chunk size, which do not count as extension bytes.
    private static let sizeDigits = 8
    private static let extensionBytes = 256

    /// Decodes the bytes from `position` on; true when the end of the trailers has been read.
    mutating func decode(_ bytes: Span<UInt8>, from position: inout Int, limits: ServerLimits, headBytes: Int) throws(MessageFault) -> Bool {
        while true {
            switch phase {
            case .size:
                guard let line = try Self.line(bytes, from: position, limit: Self.sizeDigits + Self.extensionBytes) else { return false }
                let size = try Self.size(line, of: bytes)
                guard body.count + size <= limits.bodyBytes else { throw .payloadTooLarge }
                position = line.upperBound + 2
                phase = size == 0 ? .trailers : .data(remaining: size)
            case .data(let remaining):
                let count = min(remaining, bytes.count - position)
                guard count > 0 else { return false }
                for index in position..<position + count { body.append(bytes[index]) }
                position += count
                phase = count == remaining ? .dataEnd : .data(remaining: remaining - count)
            case .dataEnd:
                guard bytes.count >= position + 2 else {
                    if bytes.count > position, bytes[position] != 0x0D { throw .malformed("a chunk longer than its size") }
                    return false
                }
                guard bytes[position] == 0x0D, bytes[position + 1] == 0x0A else { throw .malformed("a chunk longer than its size") }
                position += 2
                phase = .size
            case .trailers:
                guard let line = try Self.line(bytes, from: position, limit: limits.headerBytes - headBytes - trailerBytes) else { return false }
                position = line.upperBound + 2
                if line.isEmpty { return true }
                trailers += 1
                trailerBytes += line.count + 2
                guard trailers <= limits.fields else { throw .headersTooLarge }
                _ = try FieldLine.read(line, of: bytes)
            }
        }
    }

    private static func line(_ bytes: Span<UInt8>, from start: Int, limit: Int) throws(MessageFault) -> Range<Int>? {
        var index = start
        while index < bytes.count {
            guard index - start <= limit else { throw .headersTooLarge }
            let byte = bytes[index]
            if byte == 0x0D {
                guard index + 1 < bytes.count else { return nil }
                guard bytes[index + 1] == 0x0A else { throw .malformed("a carriage return without a line feed") }
                return start..<index
            }
            guard byte != 0x0A else { throw .malformed("a line feed without a carriage return") }
            guard ByteClass.field.contains(byte) else { throw .malformed("a control byte in a chunk line") }
            index += 1
        }
        return nil
    }

    /// `chunk-size [ chunk-ext ]`: 1 to 8 hex digits, then the end or an extension after a semicolon.
    private static func size(_ line: Range<Int>, of bytes: Span<UInt8>) throws(MessageFault) -> Int {
        var size = 0
        var index = line.lowerBound
        while index < line.upperBound, let digit = bytes[index].hexDigitValue {
            // Leading zeros add nothing (RFC 9112 §7.1); a ninth significant digit would exceed any body limit.
            guard size < 1 << 28 else { throw .payloadTooLarge }
            size = size << 4 | Int(digit)
            index += 1
        }
        guard index > line.lowerBound else { throw .malformed("a chunk without a size") }
        guard isExtensions(index..<line.upperBound, of: bytes) else {
            throw .malformed("a chunk size followed by something other than an extension")
        }
        return size
    }

    /// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )` (RFC 9112 §7.1.1).
    private static func isExtensions(_ range: Range<Int>, of bytes: Span<UInt8>) -> Bool {
        var index = range.lowerBound
        func skipSpace() { while index < range.upperBound, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 } }
        func token() -> Bool {
            let start = index
            while index < range.upperBound, ByteClass.token.contains(bytes[index]) { index += 1 }
            return index > start
        }
        func quoted() -> Bool {
            index += 1
            while index < range.upperBound, bytes[index] != 0x22 { index += bytes[index] == 0x5C ? 2 : 1 }
            index += 1
            return index <= range.upperBound
        }
        while index < range.upperBound {
            skipSpace()
            guard index < range.upperBound, bytes[index] == 0x3B else { return false }
            index += 1
            skipSpace()
            guard token() else { return false }
            let end = index
            skipSpace()
            guard index < range.upperBound, bytes[index] == 0x3D else {
                index = end
                continue
            }
            index += 1
            skipSpace()
            guard index < range.upperBound, bytes[index] == 0x22 ? quoted() : token() else { return false }
        }
        return true
    }
}
