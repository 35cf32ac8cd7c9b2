package import HTTPTypes
package import JSON
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

/// A value the operator gives.
package struct InputDefinition: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable { case text, url }

    package var name: String
    package var isSecret = false
    /// The current token of another entry goes in here.
    package var isToken = false
    package var isOptional = false
    package var defaultValue: String?
    /// The whole value must match.
    package var pattern: String?
    package var kind = Kind.text
    package var description: String?

    package var isRequired: Bool { !isOptional && defaultValue == nil }
}

package struct RequestTemplate: Sendable, Hashable {
    package var method: HTTPRequest.Method
    package var url: URLTemplate
    package var headers: [HeaderTemplate] = []
    package var body = BodyTemplate.none
    package var success = SuccessRule()
    /// Values later requests, `use` and callers can name.
    package var keep: [KeptValue] = []
}

package struct HeaderTemplate: Sendable, Hashable {
    package var name: HTTPField.Name
    package var value: Template
}

package enum BodyTemplate: Sendable, Hashable {
    case none
    case json(JSONTemplate)
    case form([PairTemplate])
    case text(Template)
}

/// A query pair or form field.
package struct PairTemplate: Sendable, Hashable {
    package var name: String
    package var value: Template
}

/// A JSON document with templates in the place of strings.
package indirect enum JSONTemplate: Sendable, Hashable {
    case object([Member])
    case array([JSONTemplate])
    case string(Template)
    /// A number, `true`, `false` or `null`.
    case literal(String)

    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: JSONTemplate
    }
}

/// Where a value stands in an answer.
package enum ValueSource: Sendable, Hashable, CustomStringConvertible {
    case json(JSONPointer)
    case header(HTTPField.Name)
    /// The body as a token: white space at its ends dropped, one level of JSON string undone, text/html refused.
    case body
    /// The body as it came, for tests.
    case text

    package var description: String {
        switch self {
        case .json(let pointer): pointer.tokens.isEmpty ? "the JSON text" : "\(pointer)"
        case .header(let name): "header \(name)"
        case .body: "the body"
        case .text: "the text"
        }
    }
}

package struct KeptValue: Sendable, Hashable {
    package var name: String
    package var source: ValueSource
    package var isOptional = false
    package var kind = InputDefinition.Kind.text
}

package struct TokenReading: Sendable, Hashable {
    package enum Format: String, Sendable, CaseIterable { case opaque, jwt }

    package var source: ValueSource
    package var format = Format.opaque
    /// `token_type` for callers (RFC 6749 §7.1).
    package var type = "Bearer"
    package var keep: [KeptValue] = []
    /// Where an answer gives the token to refresh with.
    package var refreshToken: ValueSource?
    /// The first source that is there counts. Empty: the configuration must say.
    package var expires: [ExpirySource] = []
    /// What the configuration might say where `expires` is empty.
    package var suggestedLifetime: Duration?
}

/// Where a token's end of life is read from.
package enum ExpirySource: Sendable, Hashable {
    package enum Format: Sendable, Hashable {
        /// A number of these from the login on.
        case lifetime(unit: Duration)
        /// RFC 3339; `zone` where the text names no offset.
        case rfc3339(zone: Duration?)
        case unixSeconds
        case unixMilliseconds
    }

    case value(ValueSource, Format)
    /// A NumericDate claim of the token itself (RFC 7519 §2), not verified.
    case claim(String)
    case after(Duration)
    /// Renewed on rejection only.
    case never
}

package struct TokenUse: Sendable, Hashable {
    package var headers: [HeaderTemplate] = []
}

package struct ActionDefinition: Sendable, Hashable {
    package var name: String
    package var request: RequestTemplate
    package var inputs: [InputDefinition]
}
