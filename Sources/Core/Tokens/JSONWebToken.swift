package import JSON
import Secrets
package import Time

/// The claims of a JSON Web Token (RFC 7519) in compact form.
///
/// The signature is not verified: the token came directly from the partner on a connection whose certificate was checked.
package struct JSONWebToken: Sendable {
    package let claims: JSONValue

    /// Nil unless the bytes are three base64url parts and the first two are JSON objects.
    package init?(_ bytes: [UInt8]) {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64.decode(parts[0], .url), let payload = Base64.decode(parts[1], .url),
            Base64.decode(parts[2], .url) != nil,
            case .object? = JSONValue(parsing: header), let claims = JSONValue(parsing: payload), case .object = claims
        else { return nil }
        self.claims = claims
    }

    /// Reads a NumericDate claim (RFC 7519 §2): seconds since 1970, whole or fractional. Any value other than null or a date is `.wrong`.
    package func date(_ claim: String) -> ClaimedDate {
        switch claims[claim] {
        case nil, .null?: .absent
        case .integer(let seconds)?: .moment(WallTime(seconds: seconds))
        case .number(let seconds)? where seconds.isFinite && abs(seconds) < 9e9: .moment(WallTime(nanoseconds: Int64(seconds * 1e9)))
        default: .wrong
        }
    }

    package enum ClaimedDate: Sendable, Equatable {
        case absent, wrong
        case moment(WallTime)
    }
}
