package import Secrets

/// The key that seals everything at rest: 32 bytes, read from a credential or file, or generated at the first start.
package struct StoreKey: Sendable {
    private let secret: Secret

    /// Generates a key.
    package init() {
        secret = Secret(Digest.random(32))
    }

    /// Reads 32 bytes, or their base64 or hexadecimal; nil for anything else.
    package init?(_ given: Secret) {
        let bytes = given.exposedBytes
        if bytes.count == 32 {
            secret = given
        } else if let decoded = Digest.bytes(hex: given.exposedText), decoded.count == 32 {
            secret = Secret(decoded)
        } else if let decoded = Base64.decode(bytes, .standard) ?? Base64.decode(bytes, .url), decoded.count == 32 {
            secret = Secret(decoded)
        } else {
            return nil
        }
    }

    package var hex: Secret { Secret(Digest.hex(secret.exposedBytes)) }

    /// Derives a key for one purpose, from which this key cannot be recovered (HMAC as key derivation, NIST SP 800-108).
    package func derived(for purpose: String) -> Secret {
        Secret(Digest.hmacSHA256(key: secret.exposedBytes, Array("tokenbroker \(purpose)".utf8)))
    }
}
