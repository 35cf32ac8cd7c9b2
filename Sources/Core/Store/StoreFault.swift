/// Why a store cannot be used, worded for the operator.
package struct StoreFault: Error, Equatable, CustomStringConvertible {
    package let description: String
    /// Whether another process holds the store: it is not a fault of the store, and no reason to go on without it.
    package let isHeld: Bool

    package init(_ description: String, isHeld: Bool = false) {
        self.description = description
        self.isHeld = isHeld
    }
}
