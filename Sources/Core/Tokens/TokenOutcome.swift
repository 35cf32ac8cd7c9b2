import Time

/// What a caller can be told.
package enum TokenOutcome: Sendable {
    case serve(Token)
    /// Something is under way or due before the caller's time is over.
    case keepWaiting
    case refuse(TokenRefusal)
}
