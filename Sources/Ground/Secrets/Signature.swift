/// Signs texts for JSON Web Tokens (RFC 7518 §3.1, RFC 8037 §3.1), and encrypts with public keys.
package enum Signature {
    package enum Algorithm: String, Sendable, CaseIterable {
        case HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA

        fileprivate var digest: DigestAlgorithm? {
            switch self {
            case .HS256, .RS256, .PS256, .ES256: .sha256
            case .HS384, .RS384, .PS384, .ES384: .sha384
            case .HS512, .RS512, .PS512, .ES512: .sha512
            case .EdDSA: nil
            }
        }

        /// Whether its key is a shared secret.
        package var isSymmetric: Bool { rawValue.hasPrefix("HS") }
    }

    /// The usual algorithm of a private key: RS256, ES256, ES384, ES512 or EdDSA; HS256 of a JWK of type oct.
    ///
    /// - Throws: `KeyFault`, for a key that is none of these.
    package static func algorithm(of key: [UInt8], passphrase: [UInt8]? = nil) throws(KeyFault) -> Algorithm {
        if JSONWebKey(key)?.symmetricKey != nil { return .HS256 }
        let key = try AsymmetricKey.privateKey(key, passphrase: passphrase)
        switch (key.kind, key.bits) {
        case (.rsa, _): return .RS256
        case (.ec, 256): return .ES256
        case (.ec, 384): return .ES384
        case (.ec, 521): return .ES512
        case (.ed25519, _): return .EdDSA
        default: throw KeyFault(message: "is no key of RSA, of the curves P-256, P-384 and P-521, nor Ed25519")
        }
    }

    /// The signature of a text.
    ///
    /// - Parameters:
    ///   - key: for HS* the secret's bytes, or a JWK of type oct; else a private key in PEM or a JWK.
    ///   - passphrase: decrypts an encrypted PEM.
    /// - Throws: `KeyFault`, for a key that is none, or is of another kind than the algorithm's.
    package static func sign(_ text: [UInt8], _ algorithm: Algorithm, key: [UInt8], passphrase: [UInt8]? = nil) throws(KeyFault) -> [UInt8] {
        if algorithm.isSymmetric, let digest = algorithm.digest {
            let bytes = JSONWebKey(key)?.symmetricKey ?? key
            guard !bytes.isEmpty else { throw KeyFault(message: "is empty") }
            return digest.hmac(key: bytes, text)
        }
        let key = try AsymmetricKey.privateKey(key, passphrase: passphrase)
        let isFit =
            switch algorithm {
            case .ES256: key.kind == .ec && key.bits == 256
            case .ES384: key.kind == .ec && key.bits == 384
            case .ES512: key.kind == .ec && key.bits == 521
            case .EdDSA: key.kind == .ed25519
            case .HS256, .HS384, .HS512, .RS256, .RS384, .RS512, .PS256, .PS384, .PS512: key.kind == .rsa && key.bits >= 1024
            }
        guard isFit else { throw KeyFault(message: "is no key for \(algorithm.rawValue)") }
        guard let signature = key.signature(text, digest: algorithm.digest, isPSS: algorithm.rawValue.hasPrefix("PS")) else {
            throw KeyFault(message: "cannot sign with \(algorithm.rawValue)")
        }
        return signature
    }

    /// Encrypts with an RSA public key (RFC 8017 §7): OAEP with SHA-1, or PKCS #1 v1.5.
    ///
    /// - Throws: `KeyFault`, for a key that is none, and for a text that is longer than the key can encrypt.
    package static func encrypt(_ text: [UInt8], key: [UInt8], isOAEP: Bool) throws(KeyFault) -> [UInt8] {
        let key = try AsymmetricKey.publicKey(key)
        guard key.kind == .rsa else { throw KeyFault(message: "is no RSA key") }
        guard let bytes = key.encrypted(text, isOAEP: isOAEP) else {
            throw KeyFault(message: "cannot encrypt \(text.count) bytes: the text is too long")
        }
        return bytes
    }
}
