import COpenSSL

/// Comparison without a timing side channel.
package enum ConstantTime {
    /// Compares in a time that depends only on the lengths (CRYPTO_memcmp(3)).
    package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe CRYPTO_memcmp(left, right, left.count) == 0
    }
}
