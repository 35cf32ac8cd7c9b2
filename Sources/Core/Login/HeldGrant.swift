import Secrets

/// What a refresh can use: refresh tokens, newest first, and values kept from the token in hand.
struct HeldGrant {
    var refreshTokens: [Secret]
    var values: [String: String]
}
