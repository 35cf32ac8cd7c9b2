/// How a caller's request can be answered now.
package enum TokenOutcome: Sendable {
    case serve(Token)
    /// A login is running, or due before the caller's deadline.
    case keepWaiting
    case refuse(TokenRefusal)
}
