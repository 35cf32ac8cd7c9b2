import OutboundHTTP
import Secrets
import Tokens

/// How a value is written in each place it can stand, so that it stays one value there.
enum PlaceEncoding {
    /// A path segment; an empty one, "." and ".." would name another resource.
    static func pathSegment(_ name: String, _ bytes: [UInt8]) throws(LoginFailure) -> [UInt8] {
        guard !bytes.isEmpty, bytes != [0x2E], bytes != [0x2E, 0x2E] else {
            throw LoginFailure(.local, "{\(name)} is empty, \".\" or \"..\", which no path may hold")
        }
        return PercentEncoding.encode(bytes)
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
        bytes.flatMap { $0 == 0x20 ? [0x2B] : PercentEncoding.encode([$0]) }
    }
}
