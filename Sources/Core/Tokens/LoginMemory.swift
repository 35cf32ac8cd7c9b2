package import Secrets

/// What an entry's next login needs to know about earlier ones.
package struct LoginMemory: Sendable {
    /// Digest of the inputs that worked last, secrets included.
    package var inputDigest: [UInt8]?
    /// Digest of all alternatives at the last login; once it differs, rejected credentials are no reason to wait.
    package var triedDigest: [UInt8]?
    /// Refresh tokens issued for those inputs, newest first; the previous one is kept until the newest has worked.
    package var refreshTokens: [Secret] = []
    /// Whether the next login is made without them.
    package var prefersLogin = false
    /// The number of the last login that brought anything, in the order of all hosts' logins of the entry; 0: none is known.
    package var number: Int64 = 0
    /// Tokens whose sessions are still to be ended, the first to end first.
    package var replaced: [ReplacedSession] = []
    /// The hosts of a fleet that saw the partner reject these credentials themselves, since the last success.
    package var rejectedBy: [String] = []

    package init(inputDigest: [UInt8]? = nil) {
        self.inputDigest = inputDigest
    }

    /// A digest of all alternatives together; a different one means that a secret changed.
    package static func digest(ofAll digests: [[UInt8]]) -> [UInt8] { Digest.sha256(digests.flatMap { $0 }) }

    /// Records the result of a login.
    ///
    /// - Returns: whether the refresh tokens changed.
    package mutating func learn(_ report: LoginReport, tried: [UInt8]?) -> Bool {
        let before = refreshTokens
        triedDigest = tried ?? triedDigest
        refreshTokens = report.refreshTokens
        prefersLogin = report.prefersLogin
        let isChanged = before.count != refreshTokens.count || !zip(before, refreshTokens).allSatisfy { $0.matches($1) }
        switch report.outcome {
        case .success:
            inputDigest = report.inputDigest
            rejectedBy = []
            number += 1
        case .failure: if isChanged { number += 1 }
        }
        return isChanged
    }
}
