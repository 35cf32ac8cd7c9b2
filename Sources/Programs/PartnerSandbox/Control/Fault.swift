/// A fault armed for one partner.
package struct Fault: Sendable, Decodable {
    package enum Kind: String, Sendable, Decodable, CaseIterable {
        /// 429, with `retry_after` where given.
        case throttle
        /// 500.
        case error
        /// 200 with an error in the body.
        case errorBody = "error_body"
        /// The same token as last time.
        case sameToken = "same_token"
        /// The answer arrives after `delay_ms`.
        case slow
        /// The connection is closed in the middle of the answer.
        case cut
        /// A body other than the one on the partner's page.
        case malformed
        /// `Date` is off by `offset` seconds.
        case skewedDate = "skewed_date"
    }

    package var kind: Kind
    /// Seconds, for `throttle`.
    package var retryAfter: Int?
    /// Milliseconds, for `slow`.
    package var delayMilliseconds: Int?
    /// Seconds, for `skewed_date`.
    package var offset: Int?
    /// The number of requests it lasts for; without `times` and `seconds` it lasts until it is cleared.
    package var times: Int?
    /// The number of seconds it lasts for, from now.
    package var seconds: Double?
    /// When it ends by itself, in seconds since 1970.
    var endsAt: Double?

    private enum CodingKeys: String, CodingKey {
        case kind, offset, times, seconds
        case retryAfter = "retry_after"
        case delayMilliseconds = "delay_ms"
    }

    package init(_ kind: Kind, retryAfter: Int? = nil, delayMilliseconds: Int? = nil, offset: Int? = nil, times: Int? = nil, seconds: Double? = nil) {
        self.kind = kind
        self.retryAfter = retryAfter
        self.delayMilliseconds = delayMilliseconds
        self.offset = offset
        self.times = times
        self.seconds = seconds
    }
}
