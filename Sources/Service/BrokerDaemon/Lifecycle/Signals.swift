import CLinux
import Dispatch
import Glibc

/// Signals as an async sequence, through a pipe that their handler writes to (signal-safety(7)).
///
/// Not Dispatch's own sources: those register later on a thread of their own, and a signal that comes before is lost. On a busy machine a
/// daemon that had just served its first token did not hear its SIGTERM.
package final class Signals: Sendable {
    package let sequence: AsyncStream<Int32>
    private let numbers: [Int32]
    /// `nonisolated(unsafe)`: set in `init`, cancelled in `deinit`; Dispatch sources may be used from any thread.
    private nonisolated(unsafe) let source: (any DispatchSourceRead)?

    /// Replaces the action of these signals from now on, and delivers them in `sequence`. One object at a time.
    package init(_ numbers: [Int32]) {
        let (sequence, continuation) = AsyncStream<Int32>.makeStream()
        (self.sequence, self.numbers) = (sequence, numbers)
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0 else {
            // Without a pipe the signals keep their own action, which ends the process.
            unsafe source = nil
            return
        }
        let (reader, writer) = (ends[0], ends[1])
        let made = DispatchSource.makeReadSource(fileDescriptor: reader, queue: DispatchQueue(label: "tokenbroker.signals"))
        made.setEventHandler {
            var number: UInt8 = 0
            while unsafe read(reader, &number, 1) == 1 { continuation.yield(Int32(number)) }
        }
        made.setCancelHandler {
            close(reader)
            close(writer)
        }
        unsafe source = made
        made.resume()
        for number in numbers { linux_write_signal(number, writer) }
    }

    deinit {
        for number in numbers { signal(number, SIG_IGN) }
        unsafe source?.cancel()
    }
}
