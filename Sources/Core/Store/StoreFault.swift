/// Why a store cannot be used, worded for the operator.
package struct StoreFault: Error, Equatable, CustomStringConvertible {
    package enum Kind: Sendable {
        case other
        /// Another process holds the store: it is not a fault of the store, and no reason to go on without it.
        case held
        /// The store answers, and takes no writes.
        case writeOnly
        /// An answer was larger than what is read of one.
        case tooLarge
        /// The file at the store's path is another one than was opened.
        case moved
    }

    package let description: String
    package let kind: Kind

    package init(_ description: String, _ kind: Kind = .other) {
        self.description = description
        self.kind = kind
    }
}
