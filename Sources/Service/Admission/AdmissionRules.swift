package import Configuration

/// The rules of one configuration for admitting callers and for what each may do. Immutable.
package struct AdmissionRules: Sendable {
    package let requestGuard: RequestGuard
    package let identifier: CallerIdentifier
    package let policy: AccessPolicy
    package let bounds: ConnectionBounds
    package let hasOpenMetrics: Bool
    /// The usage of the clients that have limits, by index of the client in the configuration.
    let uses: [ClientUse?]
    /// The names of the per-request inputs, by token; tokens without any are absent.
    package let inputNames: [String: Set<String>]
    /// The names of the tokens without per-request inputs, by index of the token.
    let tokens: [String]

    /// - Parameter previous: the rules that these replace; clients whose limits are unchanged keep their usage.
    package init(_ configuration: BrokerConfiguration, tokens: [String], previous: AdmissionRules? = nil) {
        // An address that is listened on is one of this machine's names.
        let own = configuration.listeners.compactMap {
            if case .tcp(let text) = $0.address { text.split(separator: ":").first.map(String.init) } else { nil }
        }
        requestGuard = RequestGuard(hosts: configuration.hosts + own)
        identifier = CallerIdentifier(configuration)
        policy = AccessPolicy(configuration)
        bounds = configuration.limits
        hasOpenMetrics = configuration.hasOpenMetrics
        self.tokens = tokens
        let names = configuration.tokens.filter { !$0.perRequest.isEmpty }.map { ($0.name, Set($0.perRequest.map(\.name))) }
        inputNames = Dictionary(names) { $1 }
        let before = (previous?.identifier.clients ?? []).enumerated().map { ($1.name, previous?.uses[$0]) }
        let known = Dictionary(before) { $1 }
        uses = configuration.clients.map { client in
            if client.limits == ClientLimits() { return nil }
            if let use = known[client.name] ?? nil, use.limits == client.limits { return use }
            return ClientUse(client.limits)
        }
    }
}
