/// How a login's token relates to the token in hand.
package enum Adoption: Sendable, Equatable {
    /// A different token, or the first one.
    case new
    /// The same token with a later expiry.
    case renewed
    /// The same token with the same expiry; only the schedule changed.
    case same
    /// The same token, returned at or after the end of its configured lifetime; it counts as newly issued.
    case reissued
}
