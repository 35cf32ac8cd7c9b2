/// What a partner needs to issue tokens: the clock, the current lifetime, the mint, and whether to give the last token again.
struct TokenDesk {
    let partner: String
    let now: Double
    let lifetime: Double
    let givesSameToken: Bool
    var mint: TokenMint
    var grants: GrantLedger
    var last: [String: String]
    /// The number of tokens issued by this request.
    var issuedCount = 0

    /// - Parameter account: the account of the token; different accounts get different tokens even when the last one is given again.
    mutating func webToken(account: String, claims: [(String, SandboxJSON)]) -> String {
        token(account) { mint, partner, now, lifetime in mint.webToken(partner: partner, claims: claims, now: now, lifetime: lifetime) }
    }

    mutating func opaqueToken(account: String) -> String {
        token(account) { mint, partner, now, lifetime in mint.opaqueToken(partner: partner, now: now, lifetime: lifetime) }
    }

    private mutating func token(_ account: String, _ make: (inout TokenMint, String, Double, Double) -> String) -> String {
        issuedCount += 1
        if givesSameToken, let same = last[account] { return same }
        let token = make(&mint, partner, now, lifetime)
        last[account] = token
        return token
    }
}
