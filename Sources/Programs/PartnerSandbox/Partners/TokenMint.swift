import FoundationEssentials

/// Creates the sandbox's tokens and remembers them, so that a test can check whether a token it was served is still valid.
struct TokenMint: Sendable {
    struct Issued: Sendable {
        var partner: String
        var issuedAt: Double
        var expiresAt: Double
        var isRevoked = false
    }

    private(set) var issued: [String: Issued] = [:]

    /// A JWT with these claims, `iat` and `exp` (seconds since 1970, as on Zapper's page), and a random signature.
    mutating func webToken(partner: String, claims: [(String, SandboxJSON)], now: Double, lifetime: Double) -> String {
        let times: [(String, SandboxJSON)] = [("jti", .string(Self.random(8))), ("iat", .number(Int(now))), ("exp", .number(Int(now + lifetime)))]
        let header = SandboxJSON.object([("alg", "HS256"), ("typ", "JWT")])
        let payload = SandboxJSON.object(claims + times)
        let token = "\(Self.base64url(Array(header.text.utf8))).\(Self.base64url(Array(payload.text.utf8))).\(Self.random(32))"
        // A JWT expires at the whole second in its exp.
        issued[token] = Issued(partner: partner, issuedAt: now, expiresAt: Double(Int(now + lifetime)))
        return token
    }

    mutating func opaqueToken(partner: String, now: Double, lifetime: Double) -> String {
        let token = Self.random(32)
        issued[token] = Issued(partner: partner, issuedAt: now, expiresAt: now + lifetime)
        return token
    }

    func isValid(_ token: String, now: Double) -> Bool {
        issued[token].map { !$0.isRevoked && $0.expiresAt > now } ?? false
    }

    mutating func revoke(partner: String) {
        for (token, record) in issued where record.partner == partner { issued[token]?.isRevoked = true }
    }

    static func random(_ count: Int) -> String {
        base64url((0..<count).map { _ in UInt8.random(in: 0...255) })
    }

    static func base64url(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
