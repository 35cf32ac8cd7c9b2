/// Refresh tokens as a strict partner keeps them (RFC 6749 §6, RFC 9700 §4.14): each refresh gives a new one, and the first
/// use of that one ends the one before. Whoever loses the last one is locked out.
struct GrantLedger: Sendable {
    /// What a new account begins with.
    static let first = "sandbox-refresh-token"

    private var predecessor: [String: String] = [first: ""]
    private var dead: Set<String> = []

    /// Takes a refresh token for a new one; nil where it is unknown or was followed by one that has been used.
    mutating func redeem(_ token: String) -> String? {
        guard let before = predecessor[token], !dead.contains(token) else { return nil }
        if !before.isEmpty { dead.insert(before) }
        let next = "refresh-\(TokenMint.random(18))"
        predecessor[next] = token
        return next
    }
}
