/// Percent-encoding (RFC 3986 §2).
package enum PercentEncoding {
    /// Encodes everything except unreserved characters, so that a value remains a single value anywhere in a URL.
    package static func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] { bytes.flatMap(encode) }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func encode(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: [byte]
        default: [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
}
