import Time
import Tokens

/// A caller that waits, and for what.
struct Waiter: Sendable {
    enum Wish: Sendable {
        case token(minValid: Duration?)
        /// A token with a fingerprint not among these.
        case otherThan([String], minValid: Duration?)
        /// The end of the login with this number.
        case loginEnd(Int)
    }

    let wish: Wish
    let deadline: BootInstant
}
