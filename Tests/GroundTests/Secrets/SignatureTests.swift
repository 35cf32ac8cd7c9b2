import Secrets
import Testing

/// Digests and signatures, against published vectors.
@Suite struct SignatureTests {
    @Test(arguments: [
        (DigestAlgorithm.md5, "900150983cd24fb0d6963f7d28e17f72"), (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ]) func `the digest of abc`(algorithm: DigestAlgorithm, digest: String) {
        #expect(Digest.hex(algorithm.digest(Array("abc".utf8))) == digest)
    }

    /// RFC 4231 §4.3, test case 2.
    @Test func `an HMAC`() {
        let digest = DigestAlgorithm.sha256.hmac(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
        #expect(Digest.hex(digest) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    /// RFC 7515, appendix A.1: a key as a JWK.
    @Test func `HS256 with the key of the RFC`() throws {
        let key = #"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#
        let text =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        let signature = try Signature.sign(Array(text.utf8), .HS256, key: Array(key.utf8))
        #expect(Base64.encode(signature, .url) == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    }

    /// RFC 7515, appendix A.2: an RSA key as a JWK.
    @Test func `RS256 with the key of the RFC`() throws {
        let members = [
            "n":
                "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
            "d":
                "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
            "e": "AQAB", "kty": "RSA",
        ]
        let key = "{" + members.map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ",") + "}"
        let text =
            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        let signature = try Signature.sign(Array(text.utf8), .RS256, key: Array(key.utf8))
        #expect(Base64.encode(signature, .url).hasPrefix("cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"))
    }

    @Test(arguments: [(Signature.Algorithm.RS256, TestKey.Kind.rsa, 256), (.PS512, .rsa, 256), (.ES256, .ec, 64), (.EdDSA, .ed25519, 64)])
    func `a signature has the length of its kind`(algorithm: Signature.Algorithm, kind: TestKey.Kind, bytes: Int) throws {
        let (plain, encrypted) = (TestKey.pem(kind), TestKey.pem(kind, passphrase: Array("p w".utf8)))
        #expect(try Signature.sign([1], algorithm, key: plain).count == bytes)
        #expect(try Signature.sign([1], algorithm, key: encrypted, passphrase: Array("p w".utf8)).count == bytes)
        // A key file's text in one line, as environments and JSON have it.
        let line = Array(String(decoding: plain, as: UTF8.self).replacing("\n", with: "\\n").utf8)
        #expect(try Signature.sign([1], algorithm, key: line).count == bytes)
        #expect(throws: KeyFault(message: "is encrypted, and has no passphrase")) { try Signature.sign([1], algorithm, key: encrypted) }
        #expect(throws: KeyFault(message: "is not opened by its passphrase")) {
            try Signature.sign([1], algorithm, key: encrypted, passphrase: Array("other".utf8))
        }
    }

    @Test(arguments: [(Signature.Algorithm.ES256, TestKey.Kind.rsa), (.RS256, .ec), (.ES384, .ec), (.EdDSA, .rsa)])
    func `a key of another kind is refused`(algorithm: Signature.Algorithm, kind: TestKey.Kind) {
        #expect(throws: KeyFault(message: "is no key for \(algorithm.rawValue)")) { try Signature.sign([1], algorithm, key: TestKey.pem(kind)) }
    }

    /// `openssl ecparam -name secp256k1 -genkey`: of the size of P-256, and of another curve.
    @Test func `a key of another curve is refused`() {
        let key = Array(
            """
            -----BEGIN PRIVATE KEY-----
            MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQg0uCBhUsH9VGpcOhfY2Py
            y8h3qXkWC30yu7bi01RxNRuhRANCAATTJI3b1WKCZ8j3vDlanw2yrFQ/khevFsNW
            ++tZYJKti9WxVmGYWhbKx78MF0KWtWonA0Xf+agG+yB1of6JMfAa
            -----END PRIVATE KEY-----
            """.utf8)
        #expect(throws: KeyFault(message: "is no key for ES256")) { try Signature.sign([1], .ES256, key: key) }
        #expect(throws: KeyFault(message: "is no key of RSA, of the curves P-256, P-384 and P-521, nor Ed25519")) { try Signature.algorithm(of: key) }
    }

    @Test(arguments: ["", "hello", "{}", #"{"kty":"RSA","n":"AQAB"}"#, #"{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ","d":"AQ"}"#])
    func `is no key`(text: String) {
        #expect(throws: KeyFault.self) { try Signature.sign([1], .RS256, key: Array(text.utf8)) }
        #expect(throws: KeyFault.self) { try Signature.encrypt([1], key: Array(text.utf8), isOAEP: true) }
    }
}
