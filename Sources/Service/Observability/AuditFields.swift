package import Contract

/// The fields of an audit line after its caller, in their order.
package enum AuditFields {
    package static func request(_ endpoint: Endpoint, token: String, fingerprint: String?) -> String {
        var text = " action=\(endpoint.rawValue)"
        if !token.isEmpty { text += " token=\(LogText.untrusted(token))" }
        if let fingerprint { text += " fingerprint=\(fingerprint)" }
        return text
    }

    static func outcome(_ outcome: String, expiresIn seconds: Int64?, requestID: String) -> String {
        var line: [UInt8] = []
        append(outcome, expiresIn: seconds, to: &line)
        return String(decoding: line, as: UTF8.self) + requestID
    }

    /// Appends the outcome of a request, up to the request's ID.
    ///
    /// - Parameter seconds: the remaining life of the token served; nil for one that does not expire.
    package static func append(_ outcome: String, expiresIn seconds: Int64?, to line: inout [UInt8]) {
        if let seconds {
            line.append(contentsOf: " expires_in=".utf8)
            line.append(decimal: seconds)
        }
        line.append(contentsOf: " outcome=".utf8)
        line.append(contentsOf: outcome.utf8)
        line.append(contentsOf: " request=".utf8)
    }

    /// The outcome of a request that returned a token.
    package static let served = "served"
}

extension [UInt8] {
    /// Appends a number in decimal digits.
    package mutating func append(decimal number: Int64) {
        if number < 0 { append(UInt8(ascii: "-")) }
        let start = count
        var rest = number.magnitude
        repeat {
            append(UInt8(truncatingIfNeeded: 0x30 + rest % 10))
            rest /= 10
        } while rest > 0
        self[start...].reverse()
    }
}
