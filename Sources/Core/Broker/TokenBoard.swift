package import Synchronization

/// The cells of all configured tokens, by name; replaced as a whole when the configuration changes.
package final class TokenBoard: Sendable {
    package let version = Atomic<UInt64>(1)
    private let cells = Mutex<[String: TokenCell]>([:])

    package init() {}

    package var all: [String: TokenCell] { cells.withLock { $0 } }

    func replace(_ new: [String: TokenCell]) {
        cells.withLock { $0 = new }
        version.add(1, ordering: .releasing)
    }
}
