import Configuration
import Contract
import LocalHTTP
import Observability
import Time

/// Identifies callers on one event loop: by the kernel once for each connection, by the key on every request.
final class CallerRegistry {
    private var rules: AdmissionRules
    private let metrics: RequestMetrics
    private var version: UInt64
    private var standings: [Standing.Rights: Standing] = [:]
    /// The callers without a key on loopback TCP, where the user is all that is known of them; nil for users whom no rule knows.
    private var keyless: [UInt32: KnownCaller?] = [:]
    private var diagnosis: SocketDiagnosis?
    private var refusals: RefusalLimit
    /// The time of the current batch.
    var wall = WallTime(nanoseconds: 0)

    /// Bytes of an Authorization that is looked at: `Bearer`, a space and a key of up to 1,024 bytes.
    private static let longestHeader = 7 + 1024
    /// Users whose callers without a key are kept.
    private static let users = 1024

    init(_ rules: AdmissionRules, version: UInt64, metrics: RequestMetrics) {
        self.rules = rules
        self.metrics = metrics
        self.version = version
        refusals = RefusalLimit(rules.bounds.refusals)
        diagnosis = SocketDiagnosis()
    }

    func update(_ rules: AdmissionRules, version: UInt64) {
        self.rules = rules
        self.version = version
        standings = [:]
        keyless = [:]
    }

    private func known(_ caller: Caller) -> KnownCaller {
        let rights = Standing.Rights(caller)
        let standing = standings[rights] ?? Standing(caller, rules: rules)
        standings[rights] = standing
        return KnownCaller(
            caller, standing, count: metrics.caller(standing.name), configurations: caller.clients.map { rules.identifier.clients[$0] })
    }

    /// Asks the kernel for the peer of a new connection and counts the connection towards its user, or towards strangers.
    func admit(_ peer: Peer) -> Admittance {
        var (identity, isGone) = (PeerIdentity?.none, false)
        if peer.transport == .unix {
            identity = PeerIdentity.ofUnixPeer(peer.descriptor)
        } else {
            switch diagnosis?.peer(of: peer) {
            case .identified(let found): identity = found
            case .gone: isGone = true
            case .unidentified, nil: break
            }
        }
        let context = CallerContext(identity: identity, transport: peer.transport)
        identify(context)
        return Admittance(context: context, share: context.keyless?.standing.share(identity?.user) ?? strangers, isGone: isGone)
    }

    private var strangers: ConnectionShare { ConnectionShare(.strangers, limit: rules.bounds.strangerConnections) }

    private func identify(_ context: CallerContext) {
        context.rulesVersion = version
        context.acceptedHeader = []
        context.accepted = nil
        context.joined = nil
        context.keyless = keyless(context.identity, context.transport)
    }

    private func keyless(_ identity: PeerIdentity?, _ transport: Peer.Transport) -> KnownCaller? {
        let user = transport == .loopback ? identity?.user : nil
        if let user, let found = keyless[user] { return found }
        let known = rules.identifier.caller(identity: identity, transport: transport, key: nil, at: wall).map(known)
        if let user, keyless.count < Self.users { keyless.updateValue(known, forKey: user) }
        return known
    }

    /// The caller of a request; nil for an unknown caller. Repeating the same key on a connection skips the hash.
    func caller(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection) -> KnownCaller? {
        guard let context = currentContext(of: connection) else { return nil }
        context.endedKey = nil
        guard let field = head.value(of: .authorization) else { return context.keyless }
        if let known = context.accepted, context.acceptedHeader.count == field.count,
            bytes.extracting(field).begins(inConstantTime: context.acceptedHeader), known.caller.keyEnd.map({ wall < $0 }) ?? true
        {
            return known
        }
        guard field.count > 7, bytes.matches(field.lowerBound..<field.lowerBound + 7, lowercase: "bearer ") else { return nil }
        guard field.count <= Self.longestHeader else { return nil }
        let value = field.map { bytes[$0] }
        let key = Array(value[7...].drop { $0 == 0x20 })
        guard let caller = rules.identifier.caller(identity: context.identity, transport: context.transport, key: key, at: wall) else {
            context.endedKey = rules.identifier.ended(key, at: wall)
            return nil
        }
        let known = known(caller)
        context.acceptedHeader = value
        context.accepted = known
        join(connection, known, context)
        return known
    }

    /// The context of a connection under the rules that hold now.
    private func currentContext(of connection: Connection) -> CallerContext? {
        guard let context = connection.context as? CallerContext else { return nil }
        if context.rulesVersion != version {
            identify(context)
            connection.join(context.keyless?.standing.share(context.identity?.user) ?? strangers)
        }
        return context
    }

    /// A caller already known by the kernel's identity stays in its user's share, unless its client has its own limit.
    private func join(_ connection: Connection, _ known: KnownCaller, _ context: CallerContext) {
        context.joined = known
        if context.keyless == nil || known.standing.ownShare != nil { connection.join(known.standing.share(context.identity?.user)) }
    }

    /// Whether a caller that was identified by a request is identified by the same bytes again on this connection. The connection joins the
    /// caller's share where the caller is new on it.
    func isSame(_ known: KnownCaller, under rulesVersion: UInt64, on connection: Connection) -> Bool {
        guard rulesVersion == version, let context = connection.context as? CallerContext, context.rulesVersion == version else { return false }
        if let end = known.caller.keyEnd, wall >= end { return false }
        if context.joined === known { return true }
        guard context.identity == known.caller.identity else { return false }
        join(connection, known, context)
        return true
    }

    /// The client of this name, if this is one of its keys and its other rules hold for the connection's peer.
    func client(_ name: String, key: [UInt8], on connection: Connection) -> KnownCaller? {
        guard let context = currentContext(of: connection) else { return nil }
        guard key.count <= Self.longestHeader,
            var caller = rules.identifier.caller(identity: context.identity, transport: context.transport, key: key, at: wall)
        else { return nil }
        caller.clients = caller.clients.filter { rules.identifier.clients[$0].name == name }
        guard !caller.clients.isEmpty else { return nil }
        (caller.isOperator, caller.isOwner) = (false, false)
        let known = known(caller)
        join(connection, known, context)
        return known
    }

    /// The refusal of an unknown caller: 401 where a key would help, 403 where no key could, 429 after too many refusals.
    func refusal(hasKey: Bool, on connection: Connection, at now: Int64) -> Problem {
        let identity = (connection.context as? CallerContext)?.identity
        if let pause = refusals.take(user: identity?.user, at: now) {
            return .exceeded("too many requests from unknown callers were refused", retryAfter: pause)
        }
        guard hasKey || identity == nil || rules.identifier.acceptsKey(from: identity) else {
            return Problem.forbidden
        }
        let ended = (connection.context as? CallerContext)?.endedKey.map { "the time of this key ended at \(CalendarTime.rfc3339($0))" }
        var problem = Problem(.unauthenticated, hasKey ? ended ?? "the key is not one of a client" : "the caller is unknown")
        problem.hadKey = hasKey
        return problem
    }
}
