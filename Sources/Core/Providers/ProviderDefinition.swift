package import Time

/// A partner's definition: how to log in, how to read the answer and how to use the token. Read from YAML.
package struct ProviderDefinition: Sendable, Hashable {
    package var name: String
    package var title: String
    package var documentation: String?
    package var inputs: [InputDefinition] = []
    /// Where a kept URL may lead besides the origins of the inputs.
    package var hosts: [HostRule] = []
    /// Values that a login makes of others, in order.
    package var values: [DerivedValue] = []
    /// Requests in order; the last one's answer holds the token. None: the token is made here.
    package var login: [RequestTemplate] = []
    package var token: TokenReading
    package var use = TokenUse()
    package var errors = ErrorRules()
    /// A login that only a person can make; nil: there is none.
    package var person: PersonLogin?
    /// Sent instead of `login` while a refresh token is held (RFC 6749 §6).
    package var refreshRequest: RequestTemplate?
    package var verify: RequestTemplate?
    /// Ends the session of a token that is given up.
    package var logout: LogoutRule?
    /// Keeps a session alive in place of logging in again.
    package var prolongation: ProlongationRule?
    /// Whether a login that returns the token in hand has prolonged it.
    package var sameTokenIsProlonged = false
    package var actions: [ActionDefinition] = []
    package var limit: Rate?
    /// Whether a new login ends the previous token.
    package var isExclusive = false
    /// A digest of the text it was read from, ignoring comments and layout.
    package var digest = ""

    /// Names of values after a login's last answer, which sources may name.
    package var answerNames: Set<String> = []

    /// Whether an input is the whole URL of some request: then it is taken as it is, with a final slash. Of a base URL that is dropped.
    package func isWholeURL(_ name: String) -> Bool {
        let urls = (login + [refreshRequest, verify, logout?.request, prolongation?.request].compactMap { $0 }).map(\.url)
        let all = urls + [person?.device, person?.authorize, person?.token].compactMap { $0 }
        return all.contains { $0.isWhole && $0.origin == .named(name) }
    }

    package func input(_ name: String) -> InputDefinition? { inputs.first { $0.name == name } }
}
