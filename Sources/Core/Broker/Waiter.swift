import Time

/// A waiting caller: what it waits for, and until when.
struct Waiter: Sendable {
    enum Wish: Sendable {
        case token(minValid: Duration?)
        /// A token whose fingerprint is not among these.
        case otherThan([String], minValid: Duration?)
        /// The end of the login with this number.
        case loginEnd(Int)
    }

    let wish: Wish
    let deadline: BootInstant
}
