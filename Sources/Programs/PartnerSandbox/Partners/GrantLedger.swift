/// The refresh tokens of a strict partner (RFC 6749 §6, RFC 9700 §4.14).
///
/// Each refresh gives a new token, whose first use invalidates the one before. A client that loses the last one is locked out.
struct GrantLedger: Sendable {
    /// The refresh token of a new account.
    static let first = "sandbox-refresh-token"

    private var predecessor: [String: String] = [first: ""]
    private var invalidated: Set<String> = []

    /// Exchanges a refresh token for a new one; nil where it is unknown or its successor has been used.
    mutating func redeem(_ token: String) -> String? {
        guard let before = predecessor[token], !invalidated.contains(token) else { return nil }
        if !before.isEmpty { invalidated.insert(before) }
        let next = "refresh-\(TokenMint.random(18))"
        predecessor[next] = token
        return next
    }
}
