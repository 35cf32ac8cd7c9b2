package import Synchronization
package import Time
package import Tokens

/// Holds a keeper's published token, which event loops read without waiting.
package final class TokenCell: Sendable {
    package let name: String
    /// Whether readiness depends on this token.
    package let isRequired: Atomic<Bool>
    /// Increases with every publication; a reader that has seen the current version has the current snapshot.
    package let version = Atomic<UInt64>(0)
    /// Boot-time seconds of the last request, for tokens that are renewed only while they are requested.
    package let lastAsked = Atomic<Int64>(0)
    private let snapshot = Mutex<TokenSnapshot?>(nil)
    private let retired = Atomic<Bool>(false)

    package init(name: String, isRequired: Bool) {
        self.name = name
        self.isRequired = Atomic(isRequired)
    }

    package var current: TokenSnapshot? { snapshot.withLock { $0 } }

    /// Whether there is a token that can be served.
    package func isUsable(at now: BootInstant) -> Bool { current?.token.isUsable(at: now) ?? false }

    /// The token, if it has not expired.
    package func livingToken(at now: BootInstant) -> Token? { current.flatMap { $0.token.isAlive(at: now) ? $0.token : nil } }

    func publish(_ new: TokenSnapshot?) {
        snapshot.withLock { $0 = retired.load(ordering: .relaxed) ? nil : new }
        version.add(1, ordering: .releasing)
    }

    /// Takes the token back for good: its keeper is dropped, and its session may be ended.
    func retire() {
        retired.store(true, ordering: .relaxed)
        publish(nil)
    }
}
