import OutboundHTTP
import Tokens

/// Encodes a value for each place it can be inserted, so that it remains a single value there.
enum PlaceEncoding {
    /// Encodes a path segment; an empty one, "." and ".." would name another resource.
    static func pathSegment(_ name: String, _ bytes: [UInt8]) throws(LoginFailure) -> [UInt8] {
        guard !bytes.isEmpty, bytes != [0x2E], bytes != [0x2E, 0x2E] else {
            throw LoginFailure(.local, "{\(name)} is empty, \".\" or \"..\", which a path segment cannot be")
        }
        return PercentEncoding.encode(bytes)
    }

    /// Checks a field value: visible ASCII, spaces and tabs; CR, LF, NUL and non-ASCII bytes would end or break the field line.
    static func header(_ name: String, _ bytes: [UInt8]) throws(LoginFailure) -> [UInt8] {
        guard bytes.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else {
            throw LoginFailure(.local, "{\(name)} holds a line break, a control byte or a non-ASCII byte, which a header cannot carry")
        }
        return bytes
    }

    /// Encodes for `application/x-www-form-urlencoded` (WHATWG URL §5.2): percent-encoding, but a space becomes "+".
    static func form(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { $0 == 0x20 ? [0x2B] : PercentEncoding.encode([$0]) }
    }
}
