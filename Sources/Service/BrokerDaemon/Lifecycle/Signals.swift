import Dispatch
import Glibc

/// Signals as an async sequence, delivered by Dispatch sources.
package final class Signals: Sendable {
    package let sequence: AsyncStream<Int32>
    /// `nonisolated(unsafe)`: set in `init`, cancelled in `deinit`; Dispatch sources may be used from any thread.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    /// Disables the default action of these signals and delivers them in `sequence`.
    package init(_ numbers: [Int32]) {
        let (sequence, continuation) = AsyncStream<Int32>.makeStream()
        self.sequence = sequence
        let queue = DispatchQueue(label: "tokenbroker.signals")
        unsafe sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { continuation.yield(number) }
            source.resume()
            return source
        }
    }

    deinit {
        for source in unsafe sources { source.cancel() }
    }
}
