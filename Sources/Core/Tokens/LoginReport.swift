package import Secrets

/// What a login brought.
package struct LoginReport: Sendable {
    package var outcome: Result<TokenDraft, LoginFailure>
    /// Of the inputs it was made with; nil where they could not be read.
    package var inputDigest: [UInt8]?
    /// To be held from now on, the newest first.
    package var refreshTokens: [Secret] = []

    package init(outcome: Result<TokenDraft, LoginFailure>, inputDigest: [UInt8]? = nil, refreshTokens: [Secret] = []) {
        self.outcome = outcome
        self.inputDigest = inputDigest
        self.refreshTokens = refreshTokens
    }

    /// Whether other hosts are to know of it: a token, or a failure that is not this host's own.
    package var concernsAll: Bool {
        switch outcome {
        case .success: true
        case .failure(let failure): failure.concernsAll
        }
    }
}
