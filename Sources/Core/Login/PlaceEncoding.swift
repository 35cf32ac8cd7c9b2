import Secrets
import Tokens

/// How a value is written in each place it can stand, so that it stays one value there.
enum PlaceEncoding {
    /// RFC 3986 §2.3: everything but unreserved characters is percent-encoded.
    static func percent(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { isUnreserved($0) ? [$0] : [0x25] + Array(Digest.hex([$0]).uppercased().utf8) }
    }

    /// A path segment; an empty one, "." and ".." would name another resource.
    static func pathSegment(_ name: String, _ bytes: [UInt8]) throws(LoginFailure) -> [UInt8] {
        guard !bytes.isEmpty, bytes != [0x2E], bytes != [0x2E, 0x2E] else {
            throw LoginFailure(.local, "{\(name)} is empty, \".\" or \"..\", which no path may hold")
        }
        return percent(bytes)
    }

    /// A field value: visible ASCII and spaces; CR, LF, NUL and non-ASCII bytes would end or break the header.
    static func header(_ name: String, _ bytes: [UInt8]) throws(LoginFailure) -> [UInt8] {
        guard bytes.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else {
            throw LoginFailure(.local, "{\(name)} holds a line break, a control byte or a non-ASCII byte, which no header can carry")
        }
        return bytes
    }

    /// `application/x-www-form-urlencoded` (WHATWG URL §5.2): as percent-encoding, a space becomes "+".
    static func form(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { $0 == 0x20 ? [0x2B] : isUnreserved($0) ? [$0] : [0x25] + Array(Digest.hex([$0]).uppercased().utf8) }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }
}
