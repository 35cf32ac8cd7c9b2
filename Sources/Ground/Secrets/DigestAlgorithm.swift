import COpenSSL

/// A digest that derived values can name (FIPS 180-4; MD5: RFC 1321, for partners that still ask for it).
package enum DigestAlgorithm: String, Sendable, CaseIterable {
    case md5, sha1, sha256, sha384, sha512

    /// 16 to 64 bytes.
    package func digest(_ text: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 64)
        let count = unsafe openssl_digest(rawValue, text, text.count, &digest)
        return Array(digest[..<Int(count)])
    }

    /// The HMAC of a text (RFC 2104); as long as the digest.
    package func hmac(key: [UInt8], _ text: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 64)
        let count = unsafe openssl_hmac(rawValue, key, Int32(clamping: key.count), text, text.count, &digest)
        return Array(digest[..<Int(count)])
    }
}
