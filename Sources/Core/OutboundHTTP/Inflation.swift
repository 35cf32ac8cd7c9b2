import CZlib

/// Decompresses gzip (RFC 1952), zlib (RFC 1950) and raw deflate (RFC 1951), whose ends and checksums tell whether anything is missing.
enum Inflation {
    enum Problem: Error {
        /// The data ends within the stream.
        case cut
        /// The data is no such stream, or has more bytes behind it.
        case broken
        case tooLarge
    }

    enum Format: Int32, Sendable {
        case gzip = 31
        case zlib = 15
        case raw = -15
    }

    /// - Parameter limit: bytes of output.
    static func inflate(_ bytes: [UInt8], _ format: Format, limit: Int) throws(Problem) -> [UInt8] {
        var stream = unsafe z_stream()
        guard unsafe zlib_begin(&stream, format.rawValue) == Z_OK else { throw .broken }
        defer { unsafe inflateEnd(&stream) }
        var (input, output) = (bytes, [UInt8]())
        let code = unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe stream.next_in = input.baseAddress
            unsafe stream.avail_in = UInt32(input.count)
            return unsafe run(&stream, format, into: &output, limit: limit)
        }
        guard output.count <= limit else { throw .tooLarge }
        switch code {
        case Z_STREAM_END: if unsafe stream.avail_in > 0 { throw .broken }
        case Z_OK, Z_BUF_ERROR: throw .cut
        default: throw .broken
        }
        return output
    }

    /// Returns zlib's last code: `Z_STREAM_END` at the end of the last member, `Z_BUF_ERROR` where the input ends before.
    private static func run(_ stream: inout z_stream, _ format: Format, into output: inout [UInt8], limit: Int) -> Int32 {
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        var code = Z_OK
        while code == Z_OK, output.count <= limit {
            let count = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
                unsafe stream.next_out = buffer.baseAddress
                unsafe stream.avail_out = UInt32(buffer.count)
                code = unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
                return unsafe buffer.count - Int(stream.avail_out)
            }
            output += buffer[..<count]
            // A gzip file may have several members (RFC 1952 §2.2).
            if code == Z_STREAM_END, format == .gzip, unsafe stream.avail_in > 0 { code = unsafe inflateReset(&stream) }
        }
        return code
    }
}
