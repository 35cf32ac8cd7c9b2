import Glibc
import Synchronization

/// Standard error, which log and audit share: whole lines, never one within another.
package final class StandardError: Sendable {
    /// Guards the descriptor: one writer at a time.
    private let turn = Mutex<Void>(())

    package init() {}

    /// Writes all bytes; blocks while the reader does not take them.
    package func write(_ bytes: [UInt8]) {
        turn.withLock { _ in
            var start = 0
            while start < bytes.count {
                let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress.map { unsafe $0 + start }, $0.count - start) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                start += count
            }
        }
    }
}
