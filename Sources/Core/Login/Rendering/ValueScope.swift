import Configuration
import Providers
package import Secrets

/// The values that a login's templates can name, as bytes: inputs, token inputs and what earlier steps kept.
package struct ValueScope: Sendable {
    private var values: [String: [UInt8]] = [:]

    package init(_ values: [String: [UInt8]] = [:]) {
        self.values = values
    }

    package subscript(name: String) -> [UInt8]? {
        get { values[name] }
        set { values[name] = newValue }
    }

    package var names: [String] { values.keys.sorted() }
}

/// What the requests of a session name beside its inputs: `{token}`, `{refresh_token}`, and values that were kept or that a caller gives.
package struct SessionValues: Sendable {
    private let token: Secret?
    private let refreshToken: Secret?
    private let others: [String: String]

    package init(token: Secret?, refreshToken: Secret? = nil, others: [String: String] = [:]) {
        (self.token, self.refreshToken, self.others) = (token, refreshToken, others)
    }

    func add(to values: inout ValueScope) {
        for (name, value) in others { values[name] = Array(value.utf8) }
        if let token { values["token"] = token.exposedBytes }
        if let refreshToken { values["refresh_token"] = refreshToken.exposedBytes }
    }
}

extension ValueScope {
    /// What later requests of the session can name beside the values that callers get: values that the login's steps kept. A refresh has no
    /// steps, and keeps those of the login.
    func session(held: [String: String]) -> [String: String] {
        var session = held.filter { $0.key.hasPrefix("steps.") }
        for name in names where name.hasPrefix("steps.") { session[name] = self[name].map { String(decoding: $0, as: UTF8.self) } }
        return session
    }

    /// Replaces defaults by the caller's values; configured values stay.
    func given(_ perRequest: [String: String], for token: TokenConfiguration) -> ValueScope {
        var values = self
        for input in token.provider.inputs where !input.isToken && token.inputs[input.name] == nil {
            if let value = perRequest[input.name] { values[input.name] = Array(value.utf8) }
        }
        return values
    }
}
