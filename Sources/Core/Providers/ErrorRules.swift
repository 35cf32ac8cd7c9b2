import HTTPTypes
import JSON

/// How a partner says no, by what to do about it; tried in this order before the defaults.
package struct ErrorRules: Sendable, Hashable {
    package var rejected: [ReplyTest] = []
    package var throttled: [ReplyTest] = []
    package var transient: [ReplyTest] = []
    package var refused: [ReplyTest] = []
    /// Where the partner's own words stand, for the operator; the first that is there.
    package var message: [ValueSource] = []
    package var retryAfter: [RetryAfterSource] = []
}
