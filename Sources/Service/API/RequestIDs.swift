import Observability
import Secrets
import Synchronization

/// Generates request IDs: a random prefix drawn at start and a counter, so that a line in the log can be found again.
package final class RequestIDs: Sendable {
    private let prefix = Digest.hex(Digest.random(4)) + "-"
    private let count = Atomic<UInt64>(0)

    package init() {}

    package func next() -> String { "\(prefix)\(nextNumber())" }

    private func nextNumber() -> UInt64 { count.add(1, ordering: .relaxed).newValue }

    /// Appends the next one, without a `String`.
    func appendNext(to bytes: inout [UInt8]) {
        bytes += prefix.utf8
        bytes.append(decimal: Int64(nextNumber()))
    }
}
