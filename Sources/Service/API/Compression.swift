import CZlib

/// Compresses answers (RFC 1952).
enum Compression {
    /// Smaller answers are sent as they are, in bytes.
    static let least = 8 * 1024
    /// A quarter of the time of the usual level 6 for a tenth more bytes of metrics.
    private static let level: Int32 = 3
    /// The window of 32 KiB, in gzip's format (zlib.h, deflateInit2).
    private static let gzipWindow: Int32 = 15 + 16

    /// Nil where zlib has no memory.
    static func gzip(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = unsafe z_stream()
        guard unsafe zlib_begin_compression(&stream, level, gzipWindow) == Z_OK else { return nil }
        defer { unsafe deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: Int(unsafe deflateBound(&stream, UInt(bytes.count))))
        let code = unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe stream.next_in = input.baseAddress
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(output.count)
                return unsafe deflate(&stream, Z_FINISH)
            }
        }
        guard code == Z_STREAM_END else { return nil }
        return Array(unsafe output.prefix(output.count - Int(stream.avail_out)))
    }
}
