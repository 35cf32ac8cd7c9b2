import Synchronization
package import Time
package import Tokens

/// What may be handed out of one token, as its keeper last published it. Immutable.
package struct TokenSnapshot: Sendable {
    package var token: Token
    /// From here on the token is `stale`: a refresh is due, running or failing.
    package var staleAt: BootInstant
    /// Up to here it is served without asking the keeper (unless `min_valid` says more); nil: without end.
    package var servedUntil: BootInstant?
}
