package import Secrets

/// The result of a login.
package struct LoginReport: Sendable {
    package var outcome: Result<TokenDraft, LoginFailure>
    /// Digest of the inputs it used; nil if they could not be read.
    package var inputDigest: [UInt8]?
    /// The refresh tokens to keep from now on, newest first.
    package var refreshTokens: [Secret] = []
    /// Whether the next login is to be made without them: a refresh failed, and the login after it had to wait for the account's limit.
    package var prefersLogin = false
    /// Why the refresh failed that a login followed; nil: none did.
    package var refreshFailure: LoginFailure?

    package init(outcome: Result<TokenDraft, LoginFailure>, inputDigest: [UInt8]? = nil, refreshTokens: [Secret] = []) {
        self.outcome = outcome
        self.inputDigest = inputDigest
        self.refreshTokens = refreshTokens
    }

    /// Whether other hosts need the result: a token, or a failure that is not specific to this host.
    package var concernsAll: Bool {
        switch outcome {
        case .success: true
        case .failure(let failure): failure.concernsAll
        }
    }
}
