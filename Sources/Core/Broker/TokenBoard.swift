package import Synchronization

/// The cells of all configured tokens and the combinations of those with per-request inputs, by name; replaced as a whole when the
/// configuration changes.
package final class TokenBoard: Sendable {
    package let version = Atomic<UInt64>(1)
    private let cells = Mutex<[String: TokenCell]>([:])
    private let combined = Mutex<[String: Combinations]>([:])

    package init() {}

    package var all: [String: TokenCell] { cells.withLock { $0 } }

    /// The combinations of a token with per-request inputs; nil for another name.
    package func combinations(of token: String) -> Combinations? { combined.withLock { $0[token] } }

    func replace(_ new: [String: TokenCell], _ combinations: [String: Combinations]) {
        cells.withLock { $0 = new }
        combined.withLock { $0 = combinations }
        version.add(1, ordering: .releasing)
    }
}
