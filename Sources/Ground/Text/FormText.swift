/// Form-encoded text (WHATWG URL §5.1) and its percent escapes (RFC 3986 §2.1).
package enum FormText {
    /// Decodes strictly; nil for an escape without two hexadecimal digits.
    ///
    /// - Parameter plusIsSpace: whether `+` stands for a space: in a query and in a form, not in a path.
    package static func decode(_ text: some Collection<UInt8>, plusIsSpace: Bool = true) -> [UInt8]? {
        decode(text, plusIsSpace: plusIsSpace, keepsMalformed: false)
    }

    /// The pairs of `name=value&…` in order, decoded leniently: an escape without two hexadecimal digits stands for itself, and bytes that
    /// are not UTF-8 become U+FFFD. A pair without `=` has an empty value.
    package static func pairs(_ text: some Collection<UInt8>) -> some Sequence<(name: String, value: String)> {
        Array(text).split(separator: UInt8(ascii: "&")).lazy.map { pair in
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (lenient(halves[0]), halves.count > 1 ? lenient(halves[1]) : "")
        }
    }

    private static func lenient(_ text: ArraySlice<UInt8>) -> String {
        String(decoding: decode(text, plusIsSpace: true, keepsMalformed: true) ?? [], as: UTF8.self)
    }

    private static func decode(_ text: some Collection<UInt8>, plusIsSpace: Bool, keepsMalformed: Bool) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var rest = text[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
                continue
            }
            let digits = rest.prefix(2).compactMap(\.hexDigitValue)
            if digits.count == 2 {
                decoded.append(digits[0] << 4 | digits[1])
                rest = rest.dropFirst(2)
            } else if keepsMalformed {
                decoded.append(byte)
            } else {
                return nil
            }
        }
        return decoded
    }
}

extension UInt8 {
    /// The value of an ASCII hexadecimal digit of either case; nil for every other byte.
    package var hexDigitValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }
}
