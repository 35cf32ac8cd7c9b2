package import Synchronization
package import Time
import Tokens

/// The place where a keeper publishes one token and event loops read it without waiting.
package final class TokenCell: Sendable {
    package let name: String
    /// Counts for readiness.
    package let isRequired: Atomic<Bool>
    /// Grows with every publication: a reader that saw it has the current snapshot.
    package let version = Atomic<UInt64>(0)
    /// Boot-time seconds of the last question, for tokens that are renewed only while somebody asks.
    package let lastAsked = Atomic<Int64>(0)
    private let snapshot = Mutex<TokenSnapshot?>(nil)

    package init(name: String, isRequired: Bool) {
        self.name = name
        self.isRequired = Atomic(isRequired)
    }

    package var current: TokenSnapshot? { snapshot.withLock { $0 } }

    /// Whether there is a token that a caller can be given.
    package func isUsable(at now: BootInstant) -> Bool { current?.token.isUsable(at: now) ?? false }

    func publish(_ new: TokenSnapshot?) {
        snapshot.withLock { $0 = new }
        version.add(1, ordering: .releasing)
    }
}
