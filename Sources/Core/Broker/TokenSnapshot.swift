package import Time
package import Tokens

/// A token as its keeper last published it, with the times that bound how it is served. Immutable.
package struct TokenSnapshot: Sendable {
    package var token: Token
    /// From this moment the token is `stale`: a refresh is due, running or failing.
    package var staleAt: BootInstant
    /// Until this moment the token is served without asking the keeper (unless `min_valid` requires more); nil: no end.
    package var servedUntil: BootInstant?
}
