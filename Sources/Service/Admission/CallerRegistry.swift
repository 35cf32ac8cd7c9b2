import Configuration
import Contract
import LocalHTTP
import Observability

/// Who asks, on one event loop: the kernel's word once a connection, the key on every request.
final class CallerRegistry {
    private var rules: AdmissionRules
    private var version: UInt64
    private var standings: [Standing.Rights: Standing] = [:]
    private var diagnosis: SocketDiagnosis?
    private var refusals: RefusalLimit

    init(_ rules: AdmissionRules, version: UInt64) {
        self.rules = rules
        self.version = version
        refusals = RefusalLimit(rules.bounds.refusals)
        diagnosis = SocketDiagnosis()
    }

    func take(_ rules: AdmissionRules, version: UInt64) {
        self.rules = rules
        self.version = version
        standings = [:]
    }

    private func known(_ caller: Caller) -> KnownCaller {
        let rights = Standing.Rights(caller)
        let standing = standings[rights] ?? Standing(caller, rules: rules)
        standings[rights] = standing
        return KnownCaller(caller, standing)
    }

    /// Asks the kernel about a new connection and counts it among those of its user, or of strangers.
    func admit(_ peer: Peer) -> Admittance {
        let identity = peer.transport == .unix ? PeerIdentity.ofUnixPeer(peer.descriptor) : diagnosis?.peer(of: peer.descriptor)
        let context = CallerContext(identity: identity, transport: peer.transport)
        recognise(context)
        return Admittance(context: context, share: context.keyless?.standing.share(identity?.user) ?? strangers)
    }

    private var strangers: ConnectionShare { ConnectionShare(.strangers, limit: rules.bounds.strangerConnections) }

    private func recognise(_ context: CallerContext) {
        context.rulesVersion = version
        context.acceptedHeader = []
        context.accepted = nil
        context.keyless = rules.identifier.caller(identity: context.identity, transport: context.transport, key: nil).map(known)
    }

    /// The caller of a request; nil for nobody known. The same key again on the same connection skips the hash.
    func caller(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection) -> KnownCaller? {
        guard let context = connection.context as? CallerContext else { return nil }
        if context.rulesVersion != version {
            recognise(context)
            connection.join(context.keyless?.standing.share(context.identity?.user) ?? strangers)
        }
        guard let field = head.value(of: .authorization) else { return context.keyless }
        if let known = context.accepted, isSame(context.acceptedHeader, field, bytes) { return known }
        guard field.count > 7, bytes.matches(field.lowerBound..<field.lowerBound + 7, lowercase: "bearer ") else { return nil }
        let value = field.map { bytes[$0] }
        let key = Array(value[7...].drop { $0 == 0x20 })
        guard let caller = rules.identifier.caller(identity: context.identity, transport: context.transport, key: key) else { return nil }
        let known = known(caller)
        context.acceptedHeader = value
        context.accepted = known
        // Known by the kernel's word already, it stays among its user's, but for a client with a limit of its own.
        if context.keyless == nil || known.standing.ownShare != nil { connection.join(known.standing.share(context.identity?.user)) }
        return known
    }

    /// Compares in a time that depends on the lengths alone.
    private func isSame(_ known: [UInt8], _ field: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
        guard known.count == field.count else { return false }
        let known = known.span
        var difference: UInt8 = 0
        for offset in 0..<known.count { difference |= known[offset] ^ bytes[field.lowerBound + offset] }
        return difference == 0
    }

    /// Why a request of nobody known is refused: 401 where a key would help, 403 where none could, 429 after too many.
    func refusal(hasKey: Bool, on connection: Connection, at now: Int64) -> Problem {
        let identity = (connection.context as? CallerContext)?.identity
        if let pause = refusals.take(user: identity?.user, at: now) {
            return Problem(.tooManyRequests, "too many requests of unknown callers were refused", retryAfter: pause)
        }
        guard hasKey || identity == nil || rules.identifier.takesKey(from: identity) else {
            return Problem.forbidden
        }
        return Problem(.unauthenticated, "this caller is not known")
    }
}
