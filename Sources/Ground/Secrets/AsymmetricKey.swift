import COpenSSL

/// A key of libcrypto, private or public.
@safe final class AsymmetricKey {
    enum Kind { case rsa, ec, ed25519, other }

    fileprivate let key: OpaquePointer
    let kind: Kind
    let bits: Int

    private init(_ key: OpaquePointer) {
        unsafe self.key = unsafe key
        var bits = Int32(0)
        switch unsafe openssl_key_kind(key, &bits) {
        case 1: kind = .rsa
        case 2: kind = .ec
        case 3: kind = .ed25519
        default: kind = .other
        }
        self.bits = Int(bits)
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// Reads a private key in PEM or as a JWK (RFC 7517). A PEM whose newlines are written as `\n` is taken too.
    ///
    /// - Throws: `KeyFault`.
    static func privateKey(_ text: [UInt8], passphrase: [UInt8]?) throws(KeyFault) -> AsymmetricKey {
        if let key = try JSONWebKey(text)?.key() { return key }
        let pem = withNewlines(text)
        let isEncrypted = pem.firstRange(of: Array("ENCRYPTED".utf8)) != nil
        if isEncrypted, passphrase == nil { throw KeyFault(message: "is encrypted, and has no passphrase") }
        let given = passphrase ?? []
        guard let key = unsafe openssl_private_key(pem, Int32(clamping: pem.count), given, Int32(clamping: given.count)) else {
            throw KeyFault(message: isEncrypted ? "is not opened by its passphrase" : "is no private key in PEM, and no JWK")
        }
        return unsafe AsymmetricKey(key)
    }

    /// Reads a public key: PEM, a certificate in PEM, or a JWK.
    ///
    /// - Throws: `KeyFault`.
    static func publicKey(_ text: [UInt8]) throws(KeyFault) -> AsymmetricKey {
        if let key = try JSONWebKey(text)?.key() { return key }
        let pem = withNewlines(text)
        guard let key = unsafe openssl_public_key(pem, Int32(clamping: pem.count)) else {
            throw KeyFault(message: "is no public key or certificate in PEM, and no JWK")
        }
        return unsafe AsymmetricKey(key)
    }

    /// A key from its numbers; `point` is that of an EC key, uncompressed.
    static func of(_ type: String, group: String? = nil, point: [UInt8]? = nil, numbers: [(name: String, bytes: [UInt8])]) -> AsymmetricKey? {
        let names = unsafe numbers.map { unsafe strdup($0.name) }
        let values = unsafe numbers.map { number in
            let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, number.bytes.count))
            _ = unsafe copy.initialize(fromContentsOf: number.bytes)
            return unsafe copy
        }
        defer {
            for index in numbers.indices {
                unsafe free(names[index])
                unsafe OPENSSL_cleanse(values[index].baseAddress, values[index].count)
                unsafe values[index].deallocate()
            }
        }
        let namePointers: [UnsafePointer<CChar>?] = unsafe names.map { unsafe UnsafePointer($0) }
        let valuePointers: [UnsafePointer<UInt8>?] = unsafe values.map { unsafe UnsafePointer($0.baseAddress) }
        let lengths = numbers.map { Int32(clamping: $0.bytes.count) }
        let key = unsafe openssl_key_of_numbers(
            type, group, point, point?.count ?? 0, Int32(numbers.count), namePointers, valuePointers, lengths)
        return unsafe key.map { unsafe AsymmetricKey($0) }
    }

    private static func withNewlines(_ text: [UInt8]) -> [UInt8] {
        guard !text.contains(0x0A) else { return text }
        return Array(String(decoding: text, as: UTF8.self).replacing("\\n", with: "\n").utf8)
    }
}

extension AsymmetricKey {
    /// Signs a text; an EC signature is r and s (RFC 7518 §3.4).
    func signature(_ text: [UInt8], digest: DigestAlgorithm?, isPSS: Bool) -> [UInt8]? {
        var signature = [UInt8](repeating: 0, count: 2048)
        let part = kind == .ec ? Int32((bits + 7) / 8) : 0
        let count = unsafe openssl_sign(key, digest?.rawValue, isPSS ? 1 : 0, part, text, text.count, &signature, signature.count)
        return count > 0 ? Array(signature[..<Int(count)]) : nil
    }

    func encrypted(_ text: [UInt8], isOAEP: Bool) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 2048)
        let count = unsafe openssl_rsa_encrypt(key, isOAEP ? 1 : 0, text, text.count, &bytes, bytes.count)
        return count > 0 ? Array(bytes[..<Int(count)]) : nil
    }
}
