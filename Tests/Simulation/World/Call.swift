import Time

/// A request of a caller or an operator, before it is known what it concerns.
enum Call: Sendable {
    enum Form: Sendable { case json, text, headers, head }

    /// - Parameters:
    ///   - other: a long poll for another token than the one in hand.
    case token(account: String, tenant: String?, form: Form, wait: Int?, minValid: Int64?, other: Bool)
    /// - Parameter asAdmin: whether the caller may administer.
    case refresh(account: String, tenant: String?, asAdmin: Bool)
    /// - Parameter isCurrent: whether the report is about the token in hand.
    case report(account: String, tenant: String?, status: Int, isCurrent: Bool)
    case pause(account: String)
    case resume(account: String)
    case revoke(account: String)
    /// Readiness, metrics, list and status, compared with each other and with the tokens.
    case inspect

    static func draw(_ draw: inout SeededDraw, _ accounts: [Account], isCalm: Bool) -> Call {
        let account = draw.one(of: accounts)
        let tenant = account.kind == .perRequest ? draw.one(of: Account.tenants) : nil
        let name = account.name
        switch draw.below(isCalm ? 16 : 40) {
        case 0...2: return .inspect
        case 16, 17: return .refresh(account: name, tenant: tenant, asAdmin: false)
        case 18: return .refresh(account: name, tenant: tenant, asAdmin: true)
        case 19, 20: return .report(account: name, tenant: tenant, status: draw.one(of: [401, 400, 403, 419, 500]), isCurrent: draw.isTrue(0.8))
        case 21 where draw.isTrue(0.2) && tenant == nil: return .pause(account: name)
        case 22 where draw.isTrue(0.5) && tenant == nil: return .resume(account: name)
        case 23 where draw.isTrue(0.1) && tenant == nil: return .revoke(account: name)
        default:
            let other = draw.isTrue(0.1)
            return .token(
                account: name, tenant: tenant, form: draw.one(of: [.json, .json, .json, .text, .headers, .head]),
                wait: other ? draw.one(of: [1, 20]) : draw.one(of: [nil, 0, 0, 1, 5, 30]),
                minValid: draw.isTrue(0.25) ? draw.one(of: [1, 10, 60, account.lifetime.wholeSeconds / 2, account.lifetime.wholeSeconds * 2]) : nil,
                other: other)
        }
    }
}
