import HTTPTypes
import JSON
package import Time

/// A partner, described: how to log in, how to read the answer, how the token is used. Read from YAML (configuration.md's language).
package struct ProviderDefinition: Sendable, Hashable {
    package var name: String
    package var title: String
    package var documentation: String?
    package var inputs: [InputDefinition] = []
    /// Requests in order; the last one's answer holds the token.
    package var login: [RequestTemplate] = []
    package var token: TokenReading
    package var use = TokenUse()
    package var errors = ErrorRules()
    /// Made in place of `login` while a refresh token is held (RFC 6749 §6).
    package var refreshRequest: RequestTemplate?
    package var verify: RequestTemplate?
    package var actions: [ActionDefinition] = []
    package var limit: Rate?
    /// A new login ends the token before it.
    package var isExclusive = false
    /// Of the text it was read from, comments and layout aside.
    package var digest = ""

    package func input(_ name: String) -> InputDefinition? { inputs.first { $0.name == name } }
}
