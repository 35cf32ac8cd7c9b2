import HTTPTypes
import OutboundHTTP
import Secrets
import Synchronization
import Time
import Tokens

/// The partners of a world, all in one: what they issued, to whom, and what they think of each request.
final class Partner: Sendable {
    struct Issue: Sendable {
        let account: String
        let tenant: String?
        /// When the partner takes it no longer.
        let expires: BootInstant
    }

    struct Ledger: Sendable {
        var passwords: [String: Int] = [:]
        var issues: [String: Issue] = [:]
        /// The last token of each account and tenant.
        var last: [String: String] = [:]
        /// The refresh tokens of a chain that still count: the last one, and the one before it until the last was used.
        var grants: [String: [String]] = [:]
        var count = 0
        /// Tokens by fingerprint.
        var fingerprints: [String: String] = [:]
    }

    /// What comes of a request: the answer, and the token and refresh token in it.
    struct Reply: Sendable {
        var status: Int
        var fields: [(String, String)] = []
        var body: String
        var token: String?
        /// The life that the answer states, from the request on.
        var life: Duration?
        var isRejection = false
        /// Whether the refresh token was none that counts.
        var isReuse = false
        /// The pause that the answer asks for.
        var pause: Duration?
    }

    private let ledger = Mutex(Ledger())
    private let time: SimulatedTime

    init(_ time: SimulatedTime) { self.time = time }

    var now: Ledger { ledger.withLock { $0 } }

    func rotate(_ account: String) -> Int {
        ledger.withLock { ledger in
            ledger.passwords[account, default: 0] += 1
            return ledger.passwords[account, default: 0]
        }
    }

    func password(of account: Account) -> String { account.password(ledger.withLock { $0.passwords[account.name, default: 0] }) }

    /// Answers a request that has arrived.
    func answer(_ account: Account, _ form: [String: String], isRefresh: Bool, _ weather: Weather?) -> Reply {
        switch weather {
        case .down(let status): return Reply(status: status, body: "down")
        case .overloaded(let pause): return Reply(status: 503, fields: [("Retry-After", "\(pause)")], body: "busy", pause: .seconds(pause))
        case .throttled(let pause, let asDate): return throttled(account, pause, asDate)
        case .rejecting: return Reply(status: 401, body: #"{"error":"invalid_client"}"#, isRejection: true)
        case .refusing(let status): return Reply(status: status, body: #"{"error":"no"}"#)
        case .page: return Reply(status: 200, fields: [("Content-Type", "text/html")], body: "<html>sign in</html>")
        case .empty: return Reply(status: 200, body: "{}")
        case .redirect: return Reply(status: 302, fields: [("Location", "https://elsewhere.example/")], body: "")
        default: break
        }
        if isRefresh { return refresh(account, form, weather) }
        guard form["password"] == password(of: account), account.kind != .chained || isLiving(form["service"], of: "service") else {
            return Reply(status: 401, body: #"{"error":"invalid_client"}"#, isRejection: true)
        }
        return issue(account, form["tenant"], weather)
    }

    private func throttled(_ account: Account, _ pause: Int64?, _ asDate: Bool) -> Reply {
        guard let pause else { return Reply(status: 429, body: "slow down") }
        let text = asDate ? CalendarTime.imfFixdate(clock(account) + .seconds(pause)) : "\(pause)"
        return Reply(status: 429, fields: [("Retry-After", text)], body: "slow down", pause: .seconds(asDate ? pause - 1 : pause))
    }

    private func isLiving(_ token: String?, of account: String) -> Bool {
        ledger.withLock { ledger in token.flatMap { ledger.issues[$0] }.map { $0.account == account && $0.expires > time.now } ?? false }
    }

    /// The partner's own clock.
    func clock(_ account: Account) -> WallTime { HostClocks(time: time, skew: .seconds(account.skew)).wall }

    // MARK: Tokens

    private func refresh(_ account: Account, _ form: [String: String], _ weather: Weather?) -> Reply {
        let given = form["refresh_token"] ?? ""
        let isKnown = ledger.withLock { ledger in
            guard let place = ledger.grants[account.name]?.firstIndex(of: given) else {
                // Reuse ends the whole chain.
                ledger.grants[account.name] = []
                return false
            }
            // A strict partner takes each once; with others the use of the last one ends the one before.
            let spent = account.isStrict ? place + 1 : place
            ledger.grants[account.name]?.removeFirst(spent)
            return true
        }
        guard isKnown else { return Reply(status: 400, body: #"{"error":"invalid_grant"}"#, isRejection: true, isReuse: true) }
        return issue(account, nil, weather)
    }

    private func issue(_ account: Account, _ tenant: String?, _ weather: Weather?) -> Reply {
        ledger.withLock { ledger in
            let key = account.name + (tenant.map { "/\($0)" } ?? "")
            if weather == .sameToken, let last = ledger.last[key], let issue = ledger.issues[last], issue.expires > time.now + .seconds(4) {
                return reply(account, last, life: issue.expires - time.now, end: issue.expires)
            }
            var life = account.lifetime
            if case .brief(let seconds) = weather { life = .seconds(seconds) }
            ledger.count += 1
            let end = time.now + life
            let token = token(account, number: ledger.count, end: end)
            ledger.issues[token] = Issue(account: account.name, tenant: tenant, expires: end)
            ledger.last[key] = token
            ledger.fingerprints[Daemon.fingerprints.fingerprint(of: Secret(token))] = token
            var reply = reply(account, token, life: life, end: end)
            if account.kind == .rotating {
                let grant = "\(Account.mark)grant-\(ledger.count)"
                ledger.grants[account.name] = (ledger.grants[account.name] ?? []).suffix(1) + [grant]
                reply.body = reply.body.dropLast() + ",\"refresh_token\":\"\(grant)\"}"
            }
            return reply
        }
    }

    private func token(_ account: Account, number: Int, end: BootInstant) -> String {
        let secret = "\(Account.mark)\(account.name)-token-\(number)"
        guard account.kind == .webToken else { return secret }
        let now = clock(account).seconds
        let claims = "{\"exp\":\(now + (end - time.now).wholeSeconds),\"iat\":\(now),\"jti\":\"\(number)\"}"
        // The last part is made a fit base64url text.
        let signature = secret + String(repeating: "A", count: (4 - secret.utf8.count % 4) % 4)
        return "\(Base64.encode(Array("{\"alg\":\"none\"}".utf8), .url)).\(Base64.encode(Array(claims.utf8), .url)).\(signature)"
    }

    private func reply(_ account: Account, _ token: String, life: Duration, end: BootInstant) -> Reply {
        var body = "{\"access_token\":\"\(token)\""
        switch account.kind {
        case .webToken, .silent: break
        case .timestamp: body += ",\"expires_at\":\"\(CalendarTime.rfc3339(clock(account) + (end - time.now)))\""
        default: body += ",\"expires_in\":\(life.wholeSeconds)"
        }
        return Reply(status: 200, body: body + "}", token: token, life: life)
    }
}
