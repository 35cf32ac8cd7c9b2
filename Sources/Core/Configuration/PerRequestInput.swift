package import Patterns

/// An input whose value a caller gives with each request.
package struct PerRequestInput: Sendable, Equatable {
    package var name: String
    /// The whole value must match.
    package var pattern: Pattern
}
