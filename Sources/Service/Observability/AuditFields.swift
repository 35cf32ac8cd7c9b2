package import Contract

/// The fields of an audit line after its caller, in their order.
package enum AuditFields {
    package static func request(_ endpoint: Endpoint, token: String, fingerprint: String?) -> String {
        var text = " action=\(endpoint.rawValue)"
        if !token.isEmpty { text += " token=\(LogText.untrusted(token))" }
        if let fingerprint { text += " fingerprint=\(fingerprint)" }
        return text
    }

    /// - Parameter seconds: the remaining life of the token served; nil for one that does not expire.
    package static func outcome(_ outcome: String, expiresIn seconds: Int64?, requestID: some CustomStringConvertible) -> String {
        let life = seconds.map { " expires_in=\($0)" } ?? ""
        return "\(life) outcome=\(outcome) request=\(requestID)"
    }

    /// The outcome of a request that returned a token.
    package static let served = "served"
}
