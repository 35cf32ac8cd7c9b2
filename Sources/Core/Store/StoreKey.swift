package import Secrets

/// The key everything at rest is sealed with: 32 bytes, from a credential or file, or made at first start.
package struct StoreKey: Sendable {
    private let secret: Secret

    /// Draws a key.
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
        } else if let decoded = Self.base64(given.exposedText), decoded.count == 32 {
            secret = Secret(decoded)
        } else {
            return nil
        }
    }

    /// Padded or not, of either alphabet (RFC 4648 §4, §5).
    private static func base64(_ text: String) -> [UInt8]? {
        let bare = text.replacing("+", with: "-").replacing("/", with: "_").filter { $0 != "=" }
        return Base64URL.decode(bare.utf8)
    }

    package var hex: Secret { Secret(Digest.hex(secret.exposedBytes)) }

    /// A key for one purpose, from which this one cannot be found (HMAC as a key derivation, NIST SP 800-108).
    package func derived(for purpose: String) -> Secret {
        Secret(Digest.hmacSHA256(key: secret.exposedBytes, Array("tokenbroker \(purpose)".utf8)))
    }
}
