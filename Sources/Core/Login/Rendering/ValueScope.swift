import Configuration
import Providers

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
