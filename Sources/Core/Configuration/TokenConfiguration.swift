package import OutboundHTTP
import Patterns
package import Providers
package import Secrets
import Synchronization
package import Time
package import Tokens

/// A configured token: its login, and how it is kept.
package struct TokenConfiguration: Sendable, Equatable {
    package var name: String
    /// The provider's definition. It is read in place: copying it takes longer than most uses.
    package var provider: ProviderDefinition { _read { yield shared.definition } }
    private let shared: SharedProvider
    package var inputs: [String: InputBinding] = [:]
    /// Inputs that a caller gives with each request; there is one token for each combination of values.
    package var perRequest: [PerRequestInput] = []
    /// Maximum number of combinations kept.
    package var combinations = 100
    package var isRequired = true
    package var expires: [ExpirySource]?
    package var refresh = RefreshPolicy()
    package var limit: Rate?
    package var connection = ConnectionSettings()
    /// The passphrase of the client key.
    package var keyPassphrase: SecretReference?
    /// Where the token goes each time it changes.
    package var sinks: [TokenSink] = []
    /// Run when the token is lost, or its login is latched.
    package var onFailure: SinkCommand?
    /// Replaces the provider's value; nil: the provider's applies.
    package var exclusive: Bool?
    /// Whether a new login ends the previous token at the partner.
    package var isExclusive: Bool { exclusive ?? provider.isExclusive }

    package init(name: String, provider: SharedProvider) {
        self.name = name
        shared = provider
    }

    /// How long one login may take with everything that may belong to it: a refresh before it, each request twice, a minute in turns.
    package var longestLogin: Duration { connection.time * (2 * (provider.login.count + 1)) + .seconds(60) }

    /// Whether a token of one configuration is valid for the other.
    ///
    /// It compares everything that determines what is sent to whom, and how the answer is read. Schedules, limits and readiness
    /// may differ.
    package func hasSameLogin(as other: TokenConfiguration) -> Bool {
        shared == other.shared && inputs == other.inputs && perRequest == other.perRequest && expires == other.expires
            && connection == other.connection && keyPassphrase == other.keyPassphrase
    }

    /// A digest of everything `hasSameLogin` compares, except secrets; the same in every process, and different for a different login.
    package var loginDigest: [UInt8] {
        let bound = inputs.sorted { $0.key < $1.key }.map { name, binding in
            switch binding {
            case .text(let text): "\(name)=\(text)"
            case .secret(let references): "\(name) from \(references.map(\.place).joined(separator: " or "))"
            case .token(let other): "\(name) of \(other)"
            }
        }
        let perRequest = perRequest.map { "\($0.name):\($0.pattern.text)" }
        let parts = [provider.digest] + describedSettings + [keyPassphrase?.place].compactMap { $0 } + bound + perRequest
        return Digest.sha256(Array(parts.joined(separator: "\0").utf8))
    }

    /// The settings as texts. Describing them takes longer than the rest of a digest, and entries have the same ones as a rule.
    private var describedSettings: [String] {
        Self.lastDescribed.withLock { last in
            if let last, last.expires == expires, last.connection == connection { return last.texts }
            let texts = ["\(String(describing: expires))", "\(connection)"]
            last = (expires, connection, texts)
            return texts
        }
    }

    private static let lastDescribed = Mutex<(expires: [ExpirySource]?, connection: ConnectionSettings, texts: [String])?>(nil)

    /// References to its secrets.
    package var references: [SecretReference] {
        let own = inputs.values.flatMap { binding -> [SecretReference] in if case .secret(let references) = binding { references } else { [] } }
        return own + [keyPassphrase].compactMap { $0 }
    }

    /// The host of its base URL, if that is in the configuration; else the provider's name.
    package var host: String {
        guard let base = provider.inputs.first(where: { $0.kind == .url }) else { return provider.name }
        if case .text(let url)? = inputs[base.name] { return BaseURL.host(url) }
        return base.defaultValue.map(BaseURL.host) ?? provider.name
    }

    /// The files that its logins read: secrets, certificates and keys.
    package var files: Set<String> {
        Set(references.compactMap { if case .file(let path, _) = $0 { path } else { nil } } + connection.files.map(\.path))
    }

    package var effectiveLimit: Rate? { limit ?? provider.limit }

    /// The configured lifetime; nil unless it is the first expiry source, so that nothing the partner states applies.
    package var configuredLifetime: Duration? {
        if case .after(let lifetime)? = (expires ?? provider.token.expires).first { lifetime } else { nil }
    }

    package var tokenInputs: [String] {
        inputs.values.compactMap { if case .token(let name) = $0 { name } else { nil } }.sorted()
    }
}

/// A definition that is kept once for all entries that use it: it takes a kilobyte, and each entry's configuration is kept several times.
package final class SharedProvider: Sendable, Equatable {
    package let definition: ProviderDefinition

    package init(_ definition: ProviderDefinition) {
        self.definition = definition
    }

    package static func == (one: SharedProvider, other: SharedProvider) -> Bool { one === other || one.definition == other.definition }
}
