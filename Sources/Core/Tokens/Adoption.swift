import Secrets
import Time

/// What a login's token turned out to be.
package enum Adoption: Sendable, Equatable {
    /// Another token than the one in hand, or the first.
    case new
    /// The same token with a later end.
    case renewed
    /// The same token with the same end: only the schedule changed.
    case same
    /// The same token, given again at or after its configured end: counted as issued anew.
    case reissued
}
