/// Why a store cannot be used, worded for the operator.
package struct StoreFault: Error, Equatable, CustomStringConvertible {
    package let description: String
    /// Whether another process holds the store: it is not a fault of the store, and no reason to go on without it.
    package let isHeld: Bool
    /// Whether the store answers, and takes no writes.
    package let isWriteOnly: Bool
    /// Whether an answer was larger than what is read of one.
    package let isTooLarge: Bool

    package init(_ description: String, isHeld: Bool = false, isWriteOnly: Bool = false, isTooLarge: Bool = false) {
        self.isTooLarge = isTooLarge
        self.description = description
        self.isHeld = isHeld
        self.isWriteOnly = isWriteOnly
    }
}
