package import Synchronization
package import Time
package import Tokens

/// What may be handed out of one token, as its keeper last published it. Immutable.
package struct TokenSnapshot: Sendable {
    package var token: Token
    /// From here on the token is `stale`: a refresh is due, running or failing.
    package var staleAt: BootInstant
    /// Up to here it is served without asking the keeper (unless `min_valid` says more); nil: without end.
    package var servedUntil: BootInstant?
}

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

    func publish(_ new: TokenSnapshot?) {
        snapshot.withLock { $0 = new }
        version.add(1, ordering: .releasing)
    }
}

/// The cells of all configured tokens by name; replaced as a whole when the configuration changes.
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
