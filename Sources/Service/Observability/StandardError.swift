import Dispatch
import Glibc
import Synchronization

/// Standard error, shared by log and audit: complete lines in order, written on its own queue, so that a slow reader delays
/// nobody. Lines beyond a source's limit on waiting bytes are dropped, counted and reported.
package final class StandardError: Sendable {
    /// The source of lines; each has its own limit, so that none crowds out another.
    package enum Source: Int, Sendable, CaseIterable {
        case log, audit
        /// The audit of unknown callers.
        case strangers

        /// The number of bytes that may wait.
        var capacity: Int {
            switch self {
            case .log: 1 << 20
            case .audit: 3 << 20
            case .strangers: 1 << 18
            }
        }
    }

    private struct Pending {
        var bytes: [UInt8] = []
        var waiting = [Int](repeating: 0, count: Source.allCases.count)
        var lost = 0
        var isScheduled = false
    }

    /// Microseconds between two writes.
    private static let pause: UInt32 = 2000

    private let pending = Mutex(Pending())
    private let queue = DispatchQueue(label: "tokenbroker.output")
    private let sink: @Sendable ([UInt8]) -> Void
    private let lostPrefix: @Sendable () -> String
    /// The number of lines dropped so far.
    package let lost = Counter()

    /// - Parameter lostPrefix: the start of the line that reports lost lines.
    package init(
        sink: @escaping @Sendable ([UInt8]) -> Void = StandardError.writeAll, lostPrefix: @escaping @Sendable () -> String = { "level=warning msg=" }
    ) {
        self.sink = sink
        self.lostPrefix = lostPrefix
    }

    /// Queues complete lines for writing.
    package func write(_ lines: [UInt8], count: Int = 1, from source: Source) {
        let mustSchedule = pending.withLock { pending in
            guard pending.waiting[source.rawValue] + lines.count <= source.capacity else {
                pending.lost += count
                lost.add(UInt64(count))
                return false
            }
            pending.bytes += lines
            pending.waiting[source.rawValue] += lines.count
            defer { pending.isScheduled = true }
            return !pending.isScheduled
        }
        if mustSchedule { queue.async { [self] in drain() } }
    }

    private func drain() {
        while true {
            let (bytes, dropped) = pending.withLock { pending in
                let taken = (pending.bytes, pending.lost)
                let isEmpty = taken.0.isEmpty && taken.1 == 0
                pending = Pending()
                pending.isScheduled = !isEmpty
                return taken
            }
            if bytes.isEmpty, dropped == 0 { return }
            sink(bytes)
            // Lines that come meanwhile are written together, and wake nobody.
            usleep(Self.pause)
            if dropped > 0 { sink(Array("\(lostPrefix())\"lines were lost: standard error was not read in time\" lines=\(dropped)\n".utf8)) }
        }
    }

    /// Returns when everything queued before has been written, at the latest after this time.
    package func flush(within seconds: Double) {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        _ = done.wait(timeout: .now() + seconds)
    }

    /// Writes all bytes to standard error; blocks while nobody reads.
    @Sendable package static func writeAll(_ bytes: [UInt8]) {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress.map { unsafe $0 + start }, $0.count - start) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            start += count
        }
    }
}
