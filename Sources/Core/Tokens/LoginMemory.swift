package import Secrets

/// What is remembered of an entry's logins, for the next one.
package struct LoginMemory: Sendable {
    /// Of the inputs that worked last, secrets included.
    package var inputDigest: [UInt8]?
    /// Of all alternatives there were at the last login: where they changed, rejected credentials are no reason to wait.
    package var triedDigest: [UInt8]?
    /// Given with those inputs, the newest first; the one before it stays until it has worked.
    package var refreshTokens: [Secret] = []

    package init(inputDigest: [UInt8]? = nil) {
        self.inputDigest = inputDigest
    }

    /// Of all alternatives together: another one means that some secret changed.
    package static func digest(ofAll digests: [[UInt8]]) -> [UInt8] { Digest.sha256(digests.flatMap { $0 }) }

    /// Takes what a login brought.
    ///
    /// - Returns: whether the refresh tokens to be held are others now.
    package mutating func learn(_ report: LoginReport, tried: [UInt8]?) -> Bool {
        let before = refreshTokens
        triedDigest = tried ?? triedDigest
        if case .success = report.outcome { inputDigest = report.inputDigest }
        refreshTokens = report.refreshTokens
        return before.count != refreshTokens.count || !zip(before, refreshTokens).allSatisfy { $0.matches($1) }
    }
}
