import FoundationEssentials
import Synchronization

/// The control API, below `/_sandbox`:
///
/// - `POST /faults/{partner}` arms a fault (`Fault` as JSON), `DELETE` clears it
/// - `POST /lifetimes/{partner}` sets a lifetime: `{"seconds": 10}`
/// - `POST /revocations/{partner}` revokes every token issued so far
/// - `GET /counts` returns the numbers of requests and tokens by partner
/// - `GET /tokens?token=…` returns whether a token is valid
enum SandboxControl {
    private struct Lifetime: Decodable {
        let seconds: Double
    }

    static func answer(_ request: SandboxRequest, _ state: SharedState) -> SandboxReply {
        let parts = request.path.split(separator: "/").map(String.init)
        let now = SharedState.now
        switch (request.method, parts.first, parts.dropFirst().first) {
        case ("POST", "faults"?, let partner?):
            guard let fault = try? JSONDecoder().decode(Fault.self, from: Data(request.body)) else {
                let kinds = Fault.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                return .json(400, [("message", .string("a fault is {\"kind\": …}; kinds: \(kinds)"))])
            }
            return done(state.value.withLock { $0.arm(fault, for: partner, now: now) })
        case ("DELETE", "faults"?, let partner?):
            return done(state.value.withLock { $0.arm(nil, for: partner, now: now) })
        case ("POST", "lifetimes"?, let partner?):
            guard let lifetime = try? JSONDecoder().decode(Lifetime.self, from: Data(request.body)), lifetime.seconds > 0 else {
                return .json(400, [("message", "a lifetime is {\"seconds\": 10}")])
            }
            return done(state.value.withLock { $0.setLifetime(lifetime.seconds, for: partner) })
        case ("POST", "revocations"?, let partner?):
            return done(state.value.withLock { $0.revoke(partner) })
        case ("GET", "counts"?, nil):
            return counts(state)
        case ("GET", "tokens"?, nil):
            return token(request.query["token"] ?? "", state, now)
        default:
            return .json(404, [("message", "there is no such control")])
        }
    }

    private static func done(_ isKnown: Bool) -> SandboxReply {
        isKnown ? .json(200, [("done", true)]) : .json(404, [("message", "there is no such partner")])
    }

    private static func counts(_ state: SharedState) -> SandboxReply {
        let accounts = state.value.withLock { $0.accounts }
        return .json(
            200,
            accounts.sorted { $0.key < $1.key }.map { name, account in
                let times = account.times.map { SandboxJSON.number(Int($0 * 1000)) }
                return (name, .object([("requests", .number(account.requests)), ("tokens", .number(account.tokens)), ("times_ms", .array(times))]))
            })
    }

    private static func token(_ token: String, _ state: SharedState, _ now: Double) -> SandboxReply {
        let (isValid, issued) = state.value.withLock { ($0.mint.isValid(token, now: now), $0.mint.issued[token]) }
        guard let issued else { return .json(404, [("message", "this token was never issued")]) }
        return .json(
            200, [("valid", .bool(isValid)), ("partner", .string(issued.partner)), ("expires_in_ms", .number(Int((issued.expiresAt - now) * 1000)))])
    }
}
