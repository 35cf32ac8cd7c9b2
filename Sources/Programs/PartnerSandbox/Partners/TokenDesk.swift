/// What a partner needs to hand out tokens: the clock, the lifetime in force, the mint, and whether the last token is to be given again.
struct TokenDesk {
    let partner: String
    let now: Double
    let lifetime: Double
    let givesSameToken: Bool
    var mint: TokenMint
    var grants: GrantLedger
    var last: [String: String]
    /// Tokens handed out by this request.
    var handedOut = 0

    /// - Parameter account: tokens of different accounts are different ones even when the same is given again.
    mutating func webToken(account: String, claims: [(String, SandboxJSON)]) -> String {
        token(account) { mint, partner, now, lifetime in mint.webToken(partner: partner, claims: claims, now: now, lifetime: lifetime) }
    }

    mutating func opaqueToken(account: String) -> String {
        token(account) { mint, partner, now, lifetime in mint.opaqueToken(partner: partner, now: now, lifetime: lifetime) }
    }

    private mutating func token(_ account: String, _ make: (inout TokenMint, String, Double, Double) -> String) -> String {
        handedOut += 1
        if givesSameToken, let same = last[account] { return same }
        let token = make(&mint, partner, now, lifetime)
        last[account] = token
        return token
    }
}
