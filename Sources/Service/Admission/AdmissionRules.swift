package import Configuration

/// By what callers get in and what each may, of one configuration. Immutable.
package struct AdmissionRules: Sendable {
    package let requestGuard: RequestGuard
    package let identifier: CallerIdentifier
    package let policy: AccessPolicy
    package let bounds: ConnectionBounds
    package let hasOpenMetrics: Bool
    /// What clients have used up of their limits, by their place in the configuration.
    let uses: [ClientUse?]
    /// Names of the tokens without per-request inputs; a token's place is its place here.
    let tokens: [String]

    /// - Parameter previous: what clients have used up stays used up where their limits are the same.
    package init(_ configuration: BrokerConfiguration, tokens: [String], previous: AdmissionRules? = nil) {
        requestGuard = RequestGuard(hosts: configuration.hosts)
        identifier = CallerIdentifier(configuration)
        policy = AccessPolicy(configuration)
        bounds = configuration.limits
        hasOpenMetrics = configuration.hasOpenMetrics
        self.tokens = tokens
        let before = (previous?.identifier.clients ?? []).enumerated().map { ($1.name, previous?.uses[$0]) }
        let known = Dictionary(before) { $1 }
        uses = configuration.clients.map { client in
            if client.limits == ClientLimits() { return nil }
            if let use = known[client.name] ?? nil, use.limits == client.limits { return use }
            return ClientUse(client.limits)
        }
    }
}
