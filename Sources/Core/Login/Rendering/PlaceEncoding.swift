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

    /// Escapes what ends a text or an attribute (XML 1.0 §2.4); a control character that XML cannot hold is a fault.
    static func xml(_ name: String, _ bytes: [UInt8]) throws(LoginFailure) -> [UInt8] {
        guard !bytes.contains(where: { $0 < 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }) else {
            throw LoginFailure(.local, "{\(name)} holds a control character, which XML cannot carry")
        }
        return bytes.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "&"): Array("&amp;".utf8)
            case UInt8(ascii: "<"): Array("&lt;".utf8)
            case UInt8(ascii: ">"): Array("&gt;".utf8)
            case UInt8(ascii: "\""): Array("&quot;".utf8)
            case UInt8(ascii: "'"): Array("&apos;".utf8)
            case 0x09, 0x0A, 0x0D: Array("&#\(byte);".utf8)
            default: [byte]
            }
        }
    }

    /// A path that a partner gave, behind an origin: `/a/b`, nothing that leads elsewhere.
    static func keptPath(_ name: String, _ bytes: [UInt8]) throws(LoginFailure) -> [UInt8] {
        let text = String(decoding: bytes, as: UTF8.self)
        let isFit = bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"?#\\\"<>^`{|}".utf8.contains($0) }
        guard text.hasPrefix("/"), isFit, !text.contains("//"), BaseURL.pathProblem(text) == nil else {
            throw LoginFailure(.badReply, "the path in {\(name)} must begin with / and have no //, .., ? or #")
        }
        return bytes
    }

    /// Encodes for `application/x-www-form-urlencoded` (WHATWG URL §5.2): percent-encoding, but a space becomes "+".
    static func form(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { $0 == 0x20 ? [0x2B] : PercentEncoding.encode([$0]) }
    }
}
