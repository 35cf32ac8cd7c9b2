import COpenSSL
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

/// Bytes sealed with AES-256-GCM: 12 bytes of nonce, the text, 16 bytes of tag.
package enum SealedRecord {
    private static let nonceBytes = 12
    private static let tagBytes = 16

    /// - Parameter associated: what the record belongs to; it opens with the same alone.
    package static func seal(_ text: [UInt8], key: Secret, associated: [UInt8]) -> [UInt8] {
        let nonce = Digest.random(nonceBytes)
        var sealed = [UInt8](repeating: 0, count: text.count + tagBytes)
        let isSealed = unsafe openssl_seal(key.exposedBytes, nonce, associated, Int32(associated.count), text, Int32(text.count), &sealed)
        // libcrypto fails here only without memory; nothing unsealed may reach the disk.
        precondition(isSealed == 1, "AES-256-GCM failed")
        return nonce + sealed
    }

    /// Nil where key or associated data are others, or the record was changed.
    package static func open(_ record: [UInt8], key: Secret, associated: [UInt8]) -> [UInt8]? {
        guard record.count >= nonceBytes + tagBytes else { return nil }
        let sealed = Array(record[nonceBytes...])
        var text = [UInt8](repeating: 0, count: sealed.count - tagBytes)
        let length = Int32(text.count)
        // One byte at least, so that there is an address to write to.
        if text.isEmpty { text = [0] }
        let isOpen = unsafe openssl_open(
            key.exposedBytes, Array(record[..<nonceBytes]), associated, Int32(associated.count), sealed, length, &text)
        return isOpen == 1 ? Array(text[..<Int(length)]) : nil
    }
}
