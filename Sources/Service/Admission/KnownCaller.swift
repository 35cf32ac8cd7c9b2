import Configuration
package import Contract
package import Observability

/// A caller with its standing. A class, since it is looked up once per connection and key and passed along with every request.
package final class KnownCaller {
    package let caller: Caller
    package let standing: Standing
    package let audited: AuditedCaller
    /// Its requests.
    package let count: CallerCount
    /// The clients it matched, as they were configured then.
    let configurations: [ClientConfiguration]

    init(_ caller: Caller, _ standing: Standing, count: CallerCount, configurations: [ClientConfiguration]) {
        self.configurations = configurations
        self.caller = caller
        self.count = count
        self.standing = standing
        audited = AuditedCaller(name: standing.name, key: caller.keyMark, identity: caller.identity)
    }

    /// Whether a request of this caller to this route is a reverse proxy's question about its visitor.
    package func asksForVisitor(on route: Route) -> Bool { route.endpoint == .tokenHeaders && standing.answersForwardAuth }
}
