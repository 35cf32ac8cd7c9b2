package import OutboundHTTP
package import Providers
package import Secrets
package import Time
package import Tokens

/// One configured token: whose login it is, and how it is kept.
package struct TokenConfiguration: Sendable, Equatable {
    package var name: String
    package var provider: ProviderDefinition
    package var inputs: [String: InputBinding] = [:]
    /// Inputs a caller gives with each request; one token for each combination.
    package var perRequest: [PerRequestInput] = []
    /// Combinations kept at most.
    package var combinations = 100
    package var isRequired = true
    package var expires: [ExpirySource]?
    package var refresh = RefreshPolicy()
    package var limit: Rate?
    package var connection = ConnectionSettings()
    /// In place of the provider's.
    package var exclusive: Bool?
    /// A new login ends the token before it at the partner.
    package var isExclusive: Bool { exclusive ?? provider.isExclusive }

    /// Whether a token of the one is a token of the other: everything that decides what is sent to whom, and how the
    /// answer is read. Schedules, limits and readiness may differ.
    package func hasSameLogin(as other: TokenConfiguration) -> Bool {
        provider == other.provider && inputs == other.inputs && perRequest == other.perRequest && expires == other.expires
            && connection == other.connection
    }

    /// A digest of everything `hasSameLogin` compares, secrets aside: the same in another process, another for another login.
    package var loginDigest: [UInt8] {
        let bound = inputs.sorted { $0.key < $1.key }.map { name, binding in
            switch binding {
            case .text(let text): "\(name)=\(text)"
            case .secret(let references): "\(name) from \(references.map(\.place).joined(separator: " or "))"
            case .token(let other): "\(name) of \(other)"
            }
        }
        let asked = perRequest.map { "\($0.name):\($0.pattern)" }
        let parts = [provider.digest, "\(String(describing: expires))", "\(connection)"] + bound + asked
        return Digest.sha256(Array(parts.joined(separator: "\0").utf8))
    }

    /// Where its secrets stand.
    package var references: [SecretReference] {
        inputs.values.flatMap { binding -> [SecretReference] in if case .secret(let references) = binding { references } else { [] } }
    }

    package var effectiveLimit: Rate? { limit ?? provider.limit }

    /// The lifetime that is configured and not stated by the partner, where only that applies.
    package var configuredLifetime: Duration? {
        if case .after(let lifetime)? = (expires ?? provider.token.expires).first { lifetime } else { nil }
    }

    package var tokenInputs: [String] {
        inputs.values.compactMap { if case .token(let name) = $0 { name } else { nil } }.sorted()
    }
}
