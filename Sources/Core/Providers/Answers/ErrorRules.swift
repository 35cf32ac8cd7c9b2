/// Tests that classify a partner's errors by what to do next; tried in this order, before the defaults.
package struct ErrorRules: Sendable, Hashable {
    package var rejected: [ReplyTest] = []
    package var throttled: [ReplyTest] = []
    package var transient: [ReplyTest] = []
    package var refused: [ReplyTest] = []
    /// Sources of the partner's own message, for the operator; the first one present is used.
    package var message: [ValueSource] = []
    package var retryAfter: [RetryAfterSource] = []

    package init() {}
}
