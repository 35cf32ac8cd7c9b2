import Secrets

/// HMAC-based one-time passwords (RFC 4226 §5.3), which time-based ones are made of (RFC 6238 §4).
enum OneTimeCode {
    static func text(_ secret: [UInt8], counter: UInt64, digits: Int) -> [UInt8] {
        let message = (0..<8).map { UInt8(truncatingIfNeeded: counter >> UInt64(56 - 8 * $0)) }
        let digest = DigestAlgorithm.sha1.hmac(key: secret, message)
        let start = Int(digest[19] & 15)
        let number = digest[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let modulus = (0..<digits).reduce(UInt32(1)) { product, _ in product * 10 }
        let text = String(number % modulus)
        return Array((String(repeating: "0", count: digits - text.count) + text).utf8)
    }
}

/// Base32 (RFC 4648 §6), as authenticator programs show it: white space, hyphens, case and padding do not count.
enum Base32 {
    static func decode(_ text: [UInt8]) -> [UInt8]? {
        var (bytes, bits, count) = ([UInt8](), UInt32(0), 0)
        for byte in text where !" \t\n-=".utf8.contains(byte) {
            let value: UInt8
            switch byte {
            case 0x41...0x5A: value = byte - 0x41
            case 0x61...0x7A: value = byte - 0x61
            case 0x32...0x37: value = byte - 0x32 + 26
            default: return nil
            }
            bits = bits << 5 | UInt32(value)
            count += 5
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}
