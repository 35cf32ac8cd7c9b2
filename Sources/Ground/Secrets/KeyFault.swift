/// Why a key cannot be used.
package struct KeyFault: Error, Sendable, Equatable {
    /// Lower-case start, nothing of the key.
    package let message: String

    package init(message: String) {
        self.message = message
    }
}
