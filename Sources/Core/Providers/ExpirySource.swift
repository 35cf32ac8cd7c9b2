import HTTPTypes
import JSON
import Time

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
