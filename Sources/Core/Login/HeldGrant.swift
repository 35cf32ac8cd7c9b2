import Secrets
import Tokens

/// What a refresh can use: refresh tokens, newest first, and values kept from the token in hand.
struct HeldGrant {
    var refreshTokens: [Secret]
    var values: [String: String]
    /// Whether the login is made without them: the last refresh failed, and the login after it had to wait for the account's limit.
    var prefersLogin = false
    /// Why the refresh failed that a login followed; nil: none did.
    var refreshFailure: LoginFailure?

    /// Refresh tokens that answers brought, newest first.
    private var issued: [Secret] = []

    init(refreshTokens: [Secret], values: [String: String], prefersLogin: Bool = false) {
        self.refreshTokens = refreshTokens
        self.values = values
        self.prefersLogin = prefersLogin
    }

    /// This grant, for another attempt after one that failed for its input: with what that one's answers brought, and without its rejections.
    func keeping(_ later: HeldGrant) -> HeldGrant {
        var kept = self
        kept.issued = later.issued
        kept.refreshTokens = Array((later.issued + refreshTokens).prefix(2))
        return kept
    }

    /// Notes an answer's refresh token. A refresh token that worked is kept until its successor has worked.
    ///
    /// - Parameters:
    ///   - new: nil: the answer has none, and the old one stays.
    ///   - grant: the refresh token the request was made with; nil for a login.
    ///   - hasWorked: whether the answer brought a token.
    mutating func note(_ new: Secret?, by grant: Secret?, hasWorked: Bool) {
        if let new { issued.insert(new, at: 0) }
        switch (new, grant) {
        case (let new?, let grant?): refreshTokens = new.matches(grant) ? [new] : [new, grant]
        case (let new?, nil): refreshTokens = hasWorked ? [new] : [new] + refreshTokens.prefix(1)
        case (nil, let grant?): if hasWorked { refreshTokens = [grant] }
        case (nil, nil): break
        }
    }
}
