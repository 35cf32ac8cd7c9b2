/// A source of a token's expiry.
package enum ExpirySource: Sendable, Hashable {
    package enum Format: Sendable, Hashable {
        /// A number of units, counted from the login.
        case lifetime(unit: Duration)
        /// RFC 3339; `zone` applies if the text has no offset.
        case rfc3339(zone: Duration?)
        case unixSeconds
        case unixMilliseconds
    }

    case value(ValueSource, Format)
    /// A NumericDate claim of the token itself (RFC 7519 §2), without verifying the signature.
    case claim(String)
    case after(Duration)
    /// No end: the token is renewed only after a rejection.
    case never
}
