/// A strict one-pass JSON parser (RFC 8259): nothing but white space around the document, no comments, no trailing commas.
///
/// It replaces Foundation's decoder, whose running time grows with the cube of the nesting depth.
struct JSONParser {
    /// Deeper documents are refused (RFC 8259 §9 allows a limit).
    static let maximumDepth = 256

    private let bytes: [UInt8]
    private let isLenient: Bool
    private var position = 0

    private struct Malformed: Error {}

    /// Returns nil for anything that is not valid JSON.
    static func parse(_ bytes: [UInt8], leniently: Bool) -> JSONValue? {
        var parser = JSONParser(bytes: bytes, isLenient: leniently)
        guard let value = try? parser.document() else { return nil }
        return value
    }

    private init(bytes: [UInt8], isLenient: Bool) {
        self.bytes = bytes
        self.isLenient = isLenient
        if isLenient, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    private mutating func document() throws(Malformed) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw Malformed() }
        return value
    }

    private mutating func value(depth: Int) throws(Malformed) -> JSONValue {
        guard depth <= Self.maximumDepth else { throw Malformed() }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    /// Members with longer names are passed over.
    private static let maximumNameBytes = 1024

    private mutating func object(depth: Int) throws(Malformed) -> JSONValue {
        position += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            let name = try string()
            skipSpace()
            guard take(":") else { throw Malformed() }
            let member = try value(depth: depth + 1)
            // Hashing a text takes time that grows with the square of its combining marks; nobody reads a name as long as this.
            if name.utf8.count <= Self.maximumNameBytes { members[name] = member }
            skipSpace()
        } while take(",")
        guard take("}") else { throw Malformed() }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(Malformed) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take("]") { return .array(elements) }
        repeat {
            elements.append(try value(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw Malformed() }
        return .array(elements)
    }

    private mutating func literal(_ text: String, _ value: JSONValue) throws(Malformed) -> JSONValue {
        guard bytes[position...].starts(with: text.utf8) else { throw Malformed() }
        position += text.utf8.count
        return value
    }

    /// `[ "-" ] int [ frac ] [ exp ]`; whole numbers that fit 64 bits stay integers.
    private mutating func number() throws(Malformed) -> JSONValue {
        let start = position
        _ = take("-")
        let whole = position
        guard digits() else { throw Malformed() }
        guard bytes[whole] != UInt8(ascii: "0") || position == whole + 1 else { throw Malformed() }
        var isWhole = true
        if take(".") {
            isWhole = false
            guard digits() else { throw Malformed() }
        }
        if take("e") || take("E") {
            isWhole = false
            _ = take("+") || take("-")
            guard digits() else { throw Malformed() }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let number = Int64(text) { return .integer(number) }
        guard let number = Double(text), number.isFinite else {
            // A number that nothing holds says nothing, and spoils no other member.
            if isLenient { return .null }
            throw Malformed()
        }
        return .number(number)
    }

    private mutating func string() throws(Malformed) -> String {
        guard take("\"") else { throw Malformed() }
        var text: [UInt8] = []
        while let byte = peek {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                if isLenient { return String(decoding: text, as: UTF8.self) }
                guard let valid = String(validating: text, as: UTF8.self) else { throw Malformed() }
                return valid
            case UInt8(ascii: "\\"): text += try escaped()
            case 0..<0x20 where !isLenient: throw Malformed()
            default: text.append(byte)
            }
        }
        throw Malformed()
    }

    private mutating func escaped() throws(Malformed) -> [UInt8] {
        guard let byte = peek else { throw Malformed() }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(Character(try scalar())).utf8)
        default: throw Malformed()
        }
    }

    /// Reads four hex digits, or a surrogate pair for a scalar beyond the Basic Multilingual Plane.
    private mutating func scalar() throws(Malformed) -> Unicode.Scalar {
        let high = try hex4()
        if let scalar = Unicode.Scalar(high) { return scalar }
        let rest = position
        if (0xD800..<0xDC00).contains(high), take("\\"), take("u"), case let low = try hex4(), (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        {
            return scalar
        }
        guard isLenient else { throw Malformed() }
        position = rest
        return "\u{FFFD}"
    }

    private mutating func hex4() throws(Malformed) -> UInt32 {
        guard position + 4 <= bytes.count else { throw Malformed() }
        let digits = bytes[position..<position + 4]
        guard digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let number = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw Malformed() }
        position += 4
        return number
    }

    private mutating func digits() -> Bool {
        let start = position
        while let byte = peek, (0x30...0x39).contains(byte) { position += 1 }
        return position > start
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = peek, byte == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }
}
