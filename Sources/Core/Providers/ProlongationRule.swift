/// A request that keeps a session alive; its answer is read by `token.expires`.
package struct ProlongationRule: Sendable, Hashable {
    package var every: Duration
    package var request: RequestTemplate
}
