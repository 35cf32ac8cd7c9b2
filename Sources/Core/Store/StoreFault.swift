/// Why a store cannot be used, worded for the operator.
package struct StoreFault: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
