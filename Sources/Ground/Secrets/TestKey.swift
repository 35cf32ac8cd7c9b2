import COpenSSL

/// New private keys for rehearsals of logins: nobody's, and never stored.
package enum TestKey {
    package enum Kind: String, Sendable, CaseIterable { case rsa, ec, ed25519 }

    /// A key in PEM (PKCS #8): RSA of 2048 bits, EC P-256 or Ed25519; encrypted where a passphrase is given. Empty if none can be made.
    package static func pem(_ kind: Kind, passphrase: [UInt8] = []) -> [UInt8] {
        var pem = [UInt8](repeating: 0, count: 8192)
        let number: Int32 =
            switch kind {
            case .rsa: 1
            case .ec: 2
            case .ed25519: 3
            }
        let count = unsafe openssl_new_key(number, passphrase, Int32(clamping: passphrase.count), &pem, Int32(pem.count))
        return Array(pem[..<Int(count)])
    }
}
