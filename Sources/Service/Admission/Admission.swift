import Configuration
package import Contract
package import LocalHTTP
package import Observability

/// Who gets in and what each may, on one event loop: every request passes `screen`, then `decide` (security.md, "Admission").
package final class Admission {
    /// What a request is about, as far as the policy asks.
    package enum Subject {
        /// No one token.
        case all
        /// The token at this place, without per-request inputs.
        case place(Int)
        case token(String, inputs: [String: String])
    }

    package private(set) var rules: AdmissionRules
    private let callers: CallerRegistry
    private let paths = TokenPath()
    /// Boot-time nanoseconds of the current batch.
    private var now: Int64 = 0

    /// - Parameter version: of the rules; connections are looked at again when it changes.
    package init(_ rules: AdmissionRules, version: UInt64) {
        self.rules = rules
        callers = CallerRegistry(rules, version: version)
    }

    package func take(_ rules: AdmissionRules, version: UInt64) {
        self.rules = rules
        callers.take(rules, version: version)
    }

    package func begin(at now: Int64) { self.now = now }

    /// Asks the kernel about a new connection and counts it among those of its user, or of strangers.
    package func admit(_ peer: Peer) -> Admittance { callers.admit(peer) }

    /// Before a route is looked for: no forwarded request, no other host's name.
    package func screen(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection) throws(Problem) {
        if rules.requestGuard.isForwarded(head), !isForwardAuth(head, bytes, on: connection) {
            throw Problem(.forwardedRequest, "the request carries Forwarded, X-Forwarded-*, X-Real-IP or Via")
        }
        if let problem = rules.requestGuard.hostProblem(head, bytes, transport: connection.peer.transport) { throw problem }
    }

    /// The caller of a request: the kernel's word once per connection, the key on every request; nil for nobody known.
    package func caller(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection) -> KnownCaller? {
        callers.caller(head, bytes, on: connection)
    }

    /// Who asked, for the audit.
    package func audited(_ known: KnownCaller?, on connection: Connection) -> AuditedCaller {
        known?.audited ?? AuditedCaller(name: nil, identity: (connection.context as? CallerContext)?.identity)
    }

    /// Whether the caller may use the route with this token now: browser rule, rate, policy, in this order.
    ///
    /// - Throws: `Problem`, the same for a token that is not this caller's and one that is not there.
    package func decide(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ route: Route, about subject: borrowing Subject, by known: KnownCaller?,
        on connection: Connection
    ) throws(Problem) {
        let forwards = route.endpoint == .tokenHeaders && known?.standing.answersForwardAuth == true
        if !forwards, let problem = rules.requestGuard.browserProblem(head, bytes, servesToken: route.servesToken) { throw problem }
        // What is open to strangers is to clients too, whatever they have used up.
        if route.isOpen { return }
        if let known { try takeRequest(of: known) }
        if route.permission == .metrics, rules.hasOpenMetrics { return }
        guard let known else { throw callers.refusal(hasKey: head.has(.authorization), on: connection, at: now) }
        guard isAllowed(known, route.permission, subject) else { throw Problem.forbidden }
    }

    private func takeRequest(of known: KnownCaller) throws(Problem) {
        for use in known.standing.uses {
            guard let pause = use.takeRequest(at: now) else { continue }
            throw Problem(.tooManyRequests, "this client's rate of requests is used up", retryAfter: pause)
        }
    }

    private func isAllowed(_ known: KnownCaller, _ permission: RoutePermission, _ subject: borrowing Subject) -> Bool {
        switch subject {
        case .place(let place): return known.standing.mayRead(place)
        case .all: return rules.policy.allows(known.caller, permission.asked, token: nil)
        case .token(let token, let inputs): return rules.policy.allows(known.caller, permission.asked, token: token, inputs: inputs)
        }
    }

    /// Takes a place among the requests in flight of each limited client the caller is; `leave` gives each back.
    package func enter(_ known: KnownCaller?) throws(Problem) -> [ClientUse] {
        var entered: [ClientUse] = []
        for use in known?.standing.uses ?? [] {
            guard use.enter() else {
                for use in entered { use.leave() }
                throw Problem(.tooManyRequests, "this client has too many requests in flight", retryAfter: .seconds(1))
            }
            entered.append(use)
        }
        return entered
    }

    /// Whether a forwarded request is a reverse proxy's own question whether it may pass one on.
    private func isForwardAuth(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection) -> Bool {
        guard head.method == .get || head.method == .head, paths.isHeaders(head.path, bytes) else { return false }
        return caller(head, bytes, on: connection)?.standing.answersForwardAuth == true
    }
}

extension RoutePermission {
    /// What the configuration calls it.
    fileprivate var asked: ClientConfiguration.Permission {
        switch self {
        case .open, .known, .metrics, .read: .read
        case .refresh: .refresh
        case .admin: .admin
        }
    }
}
