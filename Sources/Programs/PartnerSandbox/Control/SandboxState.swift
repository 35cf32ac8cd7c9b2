import FoundationEssentials
import Time

/// The state of the sandbox, a value that the server guards by a mutex.
package struct SandboxState: Sendable {
    struct Account: Sendable {
        var lifetime: Double
        var fault: Fault?
        var requests = 0
        var tokens = 0
        var last: [String: String] = [:]
        /// When the last 1,000 requests arrived, in seconds since 1970.
        var times: [Double] = []
    }

    /// What the server does with a request.
    enum Verdict: Sendable {
        case reply(SandboxReply)
        case later(SandboxReply, milliseconds: Int)
        case cut
    }

    static let partners: [any Partner] = [Zipteams(), ZetaSafe(), Zapper.service, Zapper.customer, SparrowSMS(), PulseCRM(), OAuth2()]

    private(set) var accounts: [String: Account]
    private(set) var mint = TokenMint()
    private var grants = GrantLedger()

    package init(lifetimes: [String: Double] = [:]) {
        accounts = Dictionary(Self.partners.map { ($0.name, Account(lifetime: lifetimes[$0.name] ?? $0.lifetime)) }) { $1 }
    }

    /// - Parameters:
    ///   - prefix: the first path segment: a partner's name, or `zapper` for both of Zapper's.
    ///   - now: seconds since 1970.
    mutating func answer(_ request: SandboxRequest, prefix: String, now: Double) -> Verdict {
        let name = prefix == "zapper" ? Zapper.name(forPath: request.path) : prefix
        guard let partner = Self.partners.first(where: { $0.name == name }), var account = accounts.removeValue(forKey: name) else {
            return .reply(SandboxReply(404, ""))
        }
        defer { accounts[name] = account }
        account.requests += 1
        account.times = account.times.suffix(999) + [now]
        let fault = consumeFault(&account, now: now)
        if let fault, let reply = Self.refusal(fault) { return .reply(reply) }
        var desk = TokenDesk(
            partner: name, now: now, lifetime: account.lifetime, givesSameToken: fault?.kind == .sameToken, mint: mint, grants: grants,
            last: account.last)
        // The desk has them alone now: shared, each token issued would copy all tokens.
        (mint, grants, account.last) = (TokenMint(), GrantLedger(), [:])
        var reply = partner.answer(request, desk: &desk)
        account.last = desk.last
        account.tokens += desk.issuedCount
        mint = desk.mint
        grants = desk.grants
        switch fault?.kind {
        case .slow: return .later(reply, milliseconds: fault?.delayMilliseconds ?? 2000)
        case .cut: return .cut
        case .malformed: return .reply(SandboxReply(reply.status, "<html><body>maintenance</body></html>", contentType: "text/html"))
        case .skewedDate: reply.headers.append(("Date", Self.date(now + Double(fault?.offset ?? 0))))
        default: break
        }
        return .reply(reply)
    }

    private static func refusal(_ fault: Fault) -> SandboxReply? {
        switch fault.kind {
        case .throttle:
            let headers = fault.retryAfter.map { [("Retry-After", String($0))] } ?? []
            return SandboxReply(429, "{\"message\":\"Too Many Requests\"}", headers: headers)
        case .error: return SandboxReply(500, "{\"message\":\"Internal server error\"}")
        case .errorBody: return SandboxReply(200, "{\"success\":false,\"message\":\"something went wrong\"}")
        default: return nil
        }
    }

    private mutating func consumeFault(_ account: inout Account, now: Double) -> Fault? {
        guard var fault = account.fault else { return nil }
        if let end = fault.endsAt, end <= now {
            account.fault = nil
            return nil
        }
        if let times = fault.times {
            fault.times = times - 1
            account.fault = times > 1 ? fault : nil
        }
        return fault
    }

    private static func date(_ seconds: Double) -> String {
        CalendarTime.imfFixdate(WallTime(seconds: Int64(seconds)))
    }

    // MARK: Control

    mutating func arm(_ fault: Fault?, for partner: String, now: Double) -> Bool {
        guard accounts[partner] != nil else { return false }
        var fault = fault
        if let seconds = fault?.seconds { fault?.endsAt = now + seconds }
        accounts[partner]?.fault = fault
        return true
    }

    mutating func setLifetime(_ seconds: Double, for partner: String) -> Bool {
        accounts[partner]?.lifetime = seconds
        return accounts[partner] != nil
    }

    mutating func revoke(_ partner: String) -> Bool {
        mint.revoke(partner: partner)
        return accounts[partner] != nil
    }
}
