import Secrets

/// What a refresh can use: refresh tokens, newest first, and values kept from the token in hand.
struct HeldGrant {
    var refreshTokens: [Secret]
    var values: [String: String]
    /// Whether the login is made without them: the last refresh failed, and the login after it had to wait for the account's limit.
    var prefersLogin = false

    /// Notes an answer's refresh token. A refresh token that worked is kept until its successor has worked.
    ///
    /// - Parameters:
    ///   - new: nil: the answer has none, and the old one stays.
    ///   - grant: the refresh token the request was made with; nil for a login.
    ///   - hasWorked: whether the answer brought a token.
    mutating func note(_ new: Secret?, by grant: Secret?, hasWorked: Bool) {
        switch (new, grant) {
        case (let new?, let grant?): refreshTokens = new.matches(grant) ? [new] : [new, grant]
        case (let new?, nil): refreshTokens = hasWorked ? [new] : [new] + refreshTokens.prefix(1)
        case (nil, let grant?): if hasWorked { refreshTokens = [grant] }
        case (nil, nil): break
        }
    }
}
