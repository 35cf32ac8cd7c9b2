import Configuration
import Providers
import Secrets
import Tokens

/// What a login may go on from: refresh tokens, the newest first, and values kept of the token in hand.
struct HeldGrant {
    var refreshTokens: [Secret]
    var values: [String: String]
}
