/// A fault armed for one partner.
package struct Fault: Sendable, Decodable {
    package enum Kind: String, Sendable, Decodable, CaseIterable {
        /// 429; with `retry_after` where given.
        case throttle
        /// 500.
        case error
        /// 200 with a body that says no.
        case errorBody = "error_body"
        /// The same token as last time.
        case sameToken = "same_token"
        /// The answer after `delay_ms`.
        case slow
        /// The connection is cut in the middle of the answer.
        case cut
        /// A body that is not what the page shows.
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
    /// For how many requests; without `times` and `seconds` until it is cleared.
    package var times: Int?
    /// For how many seconds from now.
    package var seconds: Double?
    /// Seconds since 1970 when it ends by itself.
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
