package import Secrets

/// Makes fingerprints: HMAC-SHA256 under a key that never leaves the process.
package struct Fingerprints: Sendable {
    private let key: Secret

    package init(key: Secret) {
        self.key = key
    }

    /// With a key drawn now: fingerprints then mean something until the process ends.
    package init() {
        key = Secret(Digest.random(32))
    }

    /// 12 lowercase hex digits.
    package func fingerprint(of token: Secret) -> String {
        Digest.hex(Digest.hmacSHA256(key: key.exposedBytes, token.exposedBytes).prefix(6))
    }
}
