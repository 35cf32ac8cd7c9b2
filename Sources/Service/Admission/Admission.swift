import Configuration
package import Contract
package import LocalHTTP
package import Observability
import Time

/// Decides which requests are admitted on one event loop: every request passes `screen`, then `decide`.
package final class Admission {
    /// The subject of a request, as the policy needs it.
    package enum Subject {
        /// No single token.
        case all
        /// The token at this index, without per-request inputs.
        case place(Int)
        case token(String, inputs: [String: String])
    }

    package private(set) var rules: AdmissionRules
    private let callers: CallerRegistry
    /// The requests of unknown callers.
    private let unknown: CallerCount
    private let paths = TokenPath()
    /// The time of the current batch, in boot-time nanoseconds.
    private var now: Int64 = 0

    /// - Parameter version: the version of the rules; callers of open connections are identified again when it changes.
    package init(_ rules: AdmissionRules, version: UInt64, metrics: RequestMetrics) {
        self.rules = rules
        unknown = metrics.caller(nil)
        callers = CallerRegistry(rules, version: version, metrics: metrics)
    }

    package func update(_ rules: AdmissionRules, version: UInt64) {
        self.rules = rules
        callers.update(rules, version: version)
    }

    package func begin(_ time: LoopTime) {
        now = time.boot
        callers.wall = WallTime(nanoseconds: time.wall)
    }

    /// Asks the kernel for the peer of a new connection and counts the connection towards its user, or towards strangers.
    package func admit(_ peer: Peer) -> Admittance { callers.admit(peer) }

    /// Refuses forwarded requests and requests for another host, before routing.
    package func screen(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection) throws(Problem) {
        if rules.requestGuard.isForwarded(head), !isForwardAuth(head, bytes, on: connection) {
            throw Problem(.forwardedRequest, "the request carries Forwarded, X-Forwarded-*, X-Real-IP or Via")
        }
        if let problem = rules.requestGuard.hostProblem(head, bytes, transport: connection.peer.transport) { throw problem }
    }

    /// The caller of a request, by the kernel once per connection and by the key on every request; nil for an unknown caller.
    package func caller(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection) -> KnownCaller? {
        callers.caller(head, bytes, on: connection)
    }

    /// The peer of a connection, as the kernel knows it.
    package func identity(of connection: Connection) -> PeerIdentity? { (connection.context as? CallerContext)?.identity }

    /// The client of this name with this key; nil where there is none, or where a rule of it does not hold.
    package func client(_ name: String, key: [UInt8], on connection: Connection) -> KnownCaller? { callers.client(name, key: key, on: connection) }

    /// The refusal of a client that does not exist or has another key; 429 after too many.
    package func refusalOfClient(on connection: Connection) -> Problem {
        let refusal = callers.refusal(hasKey: true, on: connection, at: now)
        return refusal.kind == .tooManyRequests ? refusal : Problem(.unauthenticated, "there is no client of this name with this key")
    }

    /// The caller, for the audit.
    package func audited(_ known: KnownCaller?, on connection: Connection) -> AuditedCaller {
        known?.audited ?? AuditedCaller(name: nil, identity: identity(of: connection))
    }

    /// Checks that the caller may use the route with this token now: browser rule, rate and policy, in this order. Counts the request for
    /// the caller.
    ///
    /// - Throws: `Problem`, the same for a token that this caller may not use and one that does not exist.
    package func decide(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ route: Route, about subject: borrowing Subject, by known: KnownCaller?,
        on connection: Connection
    ) throws(Problem) {
        let count = known?.count ?? unknown
        do throws(Problem) {
            try check(head, bytes, route, about: subject, by: known, on: connection)
        } catch {
            count.refused.add()
            throw error
        }
        count.requests.add()
    }

    private func check(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ route: Route, about subject: borrowing Subject, by known: KnownCaller?,
        on connection: Connection
    ) throws(Problem) {
        // What is the same for everybody may be opened from a link anywhere.
        let isForAnyPage = route.endpoint == .page || route.endpoint == .problemText
        let isVisitors = known?.asksForVisitor(on: route) ?? false
        if !isVisitors, !isForAnyPage, let problem = rules.requestGuard.browserProblem(head, bytes, servesToken: route.servesToken) { throw problem }
        // A route open to strangers is open to clients too, whatever their usage.
        if route.isOpen { return }
        if let known { try takeRequest(of: known) }
        if route.permission == .metrics, rules.hasOpenMetrics { return }
        guard let known else { throw callers.refusal(hasKey: head.has(.authorization), on: connection, at: now) }
        guard isAllowed(known, route.permission, subject) else { throw Problem.forbidden }
    }

    /// Whether a caller that was admitted with a request before is admitted with the same bytes again, and counts the request: under the same
    /// rules, within its key's time and its rate. Where it is not, nothing was counted; `decide` says why. A caller with several limits is
    /// always decided again.
    ///
    /// - Parameter version: of the rules under which it was admitted.
    package func admitsAgain(_ known: KnownCaller, under version: UInt64, on connection: Connection) -> Bool {
        guard callers.isSame(known, under: version, on: connection), known.standing.uses.count < 2,
            known.standing.uses.first?.takeRequest(at: now) == nil
        else { return false }
        known.count.requests.add()
        return true
    }

    private func takeRequest(of known: KnownCaller) throws(Problem) {
        for use in known.standing.uses {
            guard let pause = use.takeRequest(at: now) else { continue }
            throw .exceeded("this client exceeded its request rate", retryAfter: pause)
        }
    }

    /// Whether a caller that was admitted under earlier rules may still do this; a client counts as the same where it is identified alike.
    package func isStillAllowed(_ before: KnownCaller, _ route: Route, token: String?, inputs: [String: String]) -> Bool {
        let clients = rules.identifier.indices(of: before.configurations)
        var caller = Caller(clients: clients, identity: before.caller.identity)
        caller.isOperator = before.caller.isOperator
        caller.isOwner = before.caller.isOwner && !rules.identifier.hasClients
        return rules.policy.allows(caller, route.permission.configured, token: token, inputs: inputs)
    }

    private func isAllowed(_ known: KnownCaller, _ permission: RoutePermission, _ subject: borrowing Subject) -> Bool {
        switch subject {
        case .place(let place):
            // A refusal costs what it costs for a name that does not exist.
            return known.standing.mayRead(place) || rules.policy.allows(known.caller, permission.configured, token: rules.tokens[place], inputs: [:])
        case .all: return rules.policy.allows(known.caller, permission.configured, token: nil)
        case .token(let token, let inputs): return rules.policy.allows(known.caller, permission.configured, token: token, inputs: inputs)
        }
    }

    /// Counts a request in flight for each limited client of the caller; `leave` on each ends it.
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

    /// Whether a forwarded request is the authorization request of a reverse proxy.
    private func isForwardAuth(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection) -> Bool {
        guard head.method == .get || head.method == .head, paths.isHeaders(head.path, bytes) else { return false }
        return caller(head, bytes, on: connection)?.standing.answersForwardAuth == true
    }
}

extension RoutePermission {
    /// The permission as the configuration names it.
    fileprivate var configured: ClientConfiguration.Permission {
        switch self {
        case .open, .known, .metrics, .read, .oauth2: .read
        case .refresh: .refresh
        case .admin: .admin
        }
    }
}
