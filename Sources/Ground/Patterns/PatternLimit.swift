/// A pattern reached its limits on a text: whether it matches is not known.
package struct PatternLimit: Error, Sendable, Equatable {
    package let pattern: String
    package var message: String { "the pattern \(pattern) takes too many steps on this text" }
}
