/// Why a text is no pattern.
package struct PatternFault: Error, Sendable, Equatable {
    /// Lower-case start; names the byte.
    package let message: String
}
