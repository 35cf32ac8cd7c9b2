package import Time

/// A source of a token's expiry.
package enum ExpirySource: Sendable, Hashable {
    package enum Format: Sendable, Hashable {
        /// A number of units, counted from the login.
        case lifetime(unit: Duration)
        /// Days, hours and minutes from the login, `D:HH:MM`.
        case daysHoursMinutes
        /// RFC 3339; `zone` applies if the text has no offset.
        case rfc3339(zone: TimeZoneRules?)
        case unixSeconds
        case unixMilliseconds
        /// Any of the three forms of RFC 9110 §5.6.7.
        case httpDate
        /// A pattern of strptime(3); `zone` applies where it has no `%z`.
        case pattern(String, zone: TimeZoneRules?)

        /// Whether it is a time from the login on, and no moment.
        package var isRelative: Bool {
            switch self {
            case .lifetime, .daysHoursMinutes: true
            case .rfc3339, .unixSeconds, .unixMilliseconds, .httpDate, .pattern: false
            }
        }
    }

    /// The first format that fits counts.
    case value(SourceList, [Format])
    /// A cookie's own Max-Age, or else its Expires (RFC 6265 §5.3); nil: the earliest of all cookies.
    case cookie(String?, step: Int?)
    /// A NumericDate claim of the token itself (RFC 7519 §2), without verifying the signature.
    case claim(String)
    case after(Duration)
    /// No end: the token is renewed only after a rejection.
    case never
}
