package import Secrets

/// Computes fingerprints: HMAC-SHA256 under a secret key.
package struct Fingerprints: Sendable {
    private let key: Secret

    package init(key: Secret) {
        self.key = key
    }

    /// Generates a key; the fingerprints are meaningful only until the process ends.
    package init() {
        key = Secret(Digest.random(32))
    }

    /// 12 lowercase hex digits.
    package func fingerprint(of token: Secret) -> String {
        Digest.hex(Digest.hmacSHA256(key: key.exposedBytes, token.exposedBytes).prefix(6))
    }
}
