import Time

/// A configured token of a simulated world: what its provider looks like, and how its partner behaves.
struct Account: Sendable, Hashable {
    enum Kind: String, CaseIterable, Sendable {
        /// `expires_in`.
        case relative
        /// A web token with `exp` and `iat` by the partner's clock.
        case webToken
        /// A moment by the partner's clock.
        case timestamp
        /// No lifetime is stated: `after`.
        case silent
        /// Each refresh brings another refresh token; an old one ends the whole chain.
        case rotating
        /// A new login ends the token before.
        case exclusive
        /// Logs in with the token of `service`.
        case chained
        /// One token for each tenant.
        case perRequest
        /// At most four logins a minute.
        case limited
    }

    let name: String
    let kind: Kind
    let lifetime: Duration
    /// The partner's clock, seconds ahead of the real one.
    let skew: Int64

    /// Whether its refresh tokens count once.
    var isStrict: Bool { skew != 0 }

    /// The password of a generation: what the partner takes, and what the file holds.
    func password(_ generation: Int) -> String { "\(Self.mark)\(name)-password-\(generation)" }

    /// Stands in every secret: it must be in no output but a token's own.
    static let mark = "zq7-"

    /// Whether a text has a secret in it.
    static func isShown(in text: some Collection<UInt8>) -> Bool {
        let mark = Array(mark.utf8)
        var matched = 0
        for byte in text {
            matched = byte == mark[matched] ? matched + 1 : byte == mark[0] ? 1 : 0
            if matched == mark.count { return true }
        }
        return false
    }
    static let tenants = ["north", "south", "west"]

    var passwordFile: String { "/secrets/\(name)" }

    // MARK: Configuration

    /// The definition of its provider.
    var definition: String {
        let secret = "inputs: {user: {}, password: {secret: true}\(more)}"
        let form = "user: \"{user}\", password: \"{password}\"\(fields)"
        var text = """
              - provider: \(name)
                \(secret)
                login:
                  - {method: POST, url: "https://\(name).example/login", form: {\(form)}}
                token:
                  from: {json: /access_token}\(kind == .rotating ? "\n      refresh_token: {json: /refresh_token}" : "")
                  expires: [\(expiry)]
                use: {headers: {Authorization: "Bearer {token}"}}
                errors: {rejected: [{status: 401}], retry_after: [{header: Retry-After}]}

            """
        if kind == .rotating {
            text += "    refresh_request: {method: POST, url: \"https://\(name).example/refresh\", form: {refresh_token: \"{refresh_token}\"}}\n"
        }
        if kind == .exclusive { text += "    exclusive: true\n" }
        if kind == .limited { text += "    limits: {logins: 4/min}\n" }
        return text
    }

    private var more: String {
        switch kind {
        case .chained: ", service: {token: true}"
        case .perRequest: ", tenant: {}"
        default: ""
        }
    }

    private var fields: String {
        switch kind {
        case .chained: ", service: \"{service}\""
        case .perRequest: ", tenant: \"{tenant}\""
        default: ""
        }
    }

    private var expiry: String {
        switch kind {
        case .webToken: "{jwt: exp}"
        case .timestamp: "{json: /expires_at, format: rfc3339}"
        case .silent: "{after: \(lifetime.wholeSeconds)s}"
        default: "{json: /expires_in, unit: seconds}"
        }
    }

    /// Its entry in `tokens:`.
    func entry(user: String, margin: String?, isRequired: Bool) -> String {
        var text = "  \(name):\n    provider: \(name)\n    inputs: {user: \(user), password: {file: \(passwordFile)}"
        if kind == .chained { text += ", service: {token: service}" }
        text += "}\n"
        if kind == .perRequest { text += "    per_request: {tenant: {pattern: \"[a-z]+\"}}\n    limit: 3\n" }
        if let margin { text += "    refresh: {\(margin)}\n" }
        if kind != .perRequest { text += "    required: \(isRequired)\n" }
        return text
    }
}
