/// Numbers written in decimal digits.
package enum DecimalNumber {
    /// Reads `-12.5e3`, leading zeros included. Nil for anything else: hexadecimal, a sign in front, white space, infinity, and a number
    /// that no `Double` holds.
    package static func value(of text: some StringProtocol) -> Double? {
        var rest = Substring(text).utf8
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        func skip(_ bytes: UInt8...) -> Bool {
            guard let first = rest.first, bytes.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        func skipDigits() -> Bool {
            let count = rest.prefix(while: isDigit).count
            rest = rest.dropFirst(count)
            return count > 0
        }
        _ = skip(UInt8(ascii: "-"))
        guard skipDigits() else { return nil }
        if skip(UInt8(ascii: ".")), !skipDigits() { return nil }
        if skip(UInt8(ascii: "e"), UInt8(ascii: "E")) {
            _ = skip(UInt8(ascii: "+"), UInt8(ascii: "-"))
            guard skipDigits() else { return nil }
        }
        guard rest.isEmpty, let number = Double(text), number.isFinite else { return nil }
        return number
    }
}
