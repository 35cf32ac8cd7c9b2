import COpenSSL
package import Secrets

/// Seals records with AES-256-GCM: a nonce of 12 bytes, the encrypted text, a tag of 16 bytes.
package enum SealedRecord {
    private static let nonceBytes = 12
    private static let tagBytes = 16

    /// - Parameter associated: what the record belongs to; the record opens only with the same value.
    package static func seal(_ text: [UInt8], key: Secret, associated: [UInt8]) -> [UInt8] {
        let nonce = Digest.random(nonceBytes)
        var sealed = [UInt8](repeating: 0, count: text.count + tagBytes)
        let isSealed = unsafe openssl_seal(key.exposedBytes, nonce, associated, Int32(associated.count), text, Int32(text.count), &sealed)
        // libcrypto fails here only when out of memory; nothing unsealed may reach the disk.
        precondition(isSealed == 1, "AES-256-GCM failed")
        return nonce + sealed
    }

    /// Returns nil if the key or the associated data differ, or the record was changed.
    package static func open(_ record: [UInt8], key: Secret, associated: [UInt8]) -> [UInt8]? {
        guard record.count >= nonceBytes + tagBytes else { return nil }
        let sealed = Array(record[nonceBytes...])
        var text = [UInt8](repeating: 0, count: sealed.count - tagBytes)
        let length = Int32(text.count)
        // At least one byte, so that there is an address to write to.
        if text.isEmpty { text = [0] }
        let isOpen = unsafe openssl_open(
            key.exposedBytes, Array(record[..<nonceBytes]), associated, Int32(associated.count), sealed, length, &text)
        return isOpen == 1 ? Array(text[..<Int(length)]) : nil
    }
}
