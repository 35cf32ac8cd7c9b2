/// The requests of one caller, by its name: a client's, `operator`, `owner`, or `-` for unknown callers.
package final class CallerCount: Sendable {
    package let name: String
    /// Admitted.
    package let requests = Counter()
    package let refused = Counter()

    init(_ name: String) {
        self.name = name
    }
}
