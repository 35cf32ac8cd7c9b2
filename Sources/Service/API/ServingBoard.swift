package import Synchronization

/// Holds the current `Serving`; event loops check its version once for each batch.
package final class ServingBoard: Sendable {
    package let version = Atomic<UInt64>(1)
    private let current: Mutex<Serving>
    private let observer = Mutex<@Sendable () -> Void>({})

    package init(_ serving: Serving) {
        current = Mutex(serving)
    }

    package var serving: Serving { current.withLock { $0 } }

    package func replace(_ serving: Serving) {
        current.withLock { $0 = serving }
        version.add(1, ordering: .releasing)
        observer.withLock { $0 }()
    }

    /// Calls back after each replacement: event loops that sleep must look.
    package func observe(_ changed: @escaping @Sendable () -> Void) {
        observer.withLock { $0 = changed }
    }
}
