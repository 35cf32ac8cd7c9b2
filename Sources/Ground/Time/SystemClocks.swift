import CLinux
import Dispatch
import Glibc
import Synchronization

/// The machine's clocks.
///
/// All sleepers share one timerfd on CLOCK_BOOTTIME (timerfd_create(2)). It fires at once after a suspend that outlasted its
/// time, and wakes an idle process only for a sleeper that is due.
package final class SystemClocks: Clocks {
    private struct Sleepers {
        /// Ordered by instant, then by number; the first is due next.
        var queue: [(instant: BootInstant, number: UInt64)] = []
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var next: UInt64 = 0
    }

    private let timer: Int32
    /// `nonisolated(unsafe)`: set in `init`, cancelled in `deinit`; Dispatch sources may be used from any thread.
    private nonisolated(unsafe) let source: any DispatchSourceRead
    private let sleepers = Mutex(Sleepers())
    private let waiters = OffsetWaiters()
    /// Nil until somebody waits for a setting.
    private let settings = Mutex<SettingTimer?>(nil)

    package init() {
        timer = timerfd_create(CLOCK_BOOTTIME, Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK))
        // The process cannot work without its only timer; creation fails at start or not at all.
        precondition(timer >= 0, "timerfd_create: \(errno)")
        unsafe source = DispatchSource.makeReadSource(fileDescriptor: timer, queue: DispatchQueue(label: "tokenbroker.timer"))
        let timer = timer
        unsafe source.setCancelHandler { close(timer) }
        unsafe source.setEventHandler { [weak self] in self?.fire() }
        unsafe source.resume()
    }

    deinit {
        unsafe source.cancel()
    }

    package var boot: BootInstant { BootInstant(nanoseconds: linux_nanoseconds(CLOCK_BOOTTIME)) }
    package var wall: WallTime { WallTime(nanoseconds: linux_nanoseconds(CLOCK_REALTIME)) }

    package func sleep(until instant: BootInstant) async throws {
        let number = sleepers.withLock { sleepers in
            sleepers.next += 1
            return sleepers.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { enqueue($0, until: instant, number: number) }
        } onCancel: {
            let continuation = sleepers.withLock { sleepers in
                if let index = sleepers.queue.firstIndex(where: { $0.number == number }) { sleepers.queue.remove(at: index) }
                return sleepers.waiting.removeValue(forKey: number)
            }
            continuation?.resume()
        }
        try Task.checkCancellation()
    }

    package func wallClockSet(from offset: Duration) async throws {
        settings.withLock { timer in
            guard timer == nil else { return }
            timer = SettingTimer { [weak self] in
                guard let self else { return }
                waiters.notify(self.offset)
            }
        }
        try await waiters.wait(from: offset) { self.offset }
    }

    private func enqueue(_ continuation: CheckedContinuation<Void, Never>, until instant: BootInstant, number: UInt64) {
        let isDue = sleepers.withLock { sleepers in
            guard !Task.isCancelled, instant > boot else { return true }
            var low = 0
            var high = sleepers.queue.count
            while low < high {
                let middle = (low + high) / 2
                if sleepers.queue[middle].instant <= instant { low = middle + 1 } else { high = middle }
            }
            sleepers.queue.insert((instant, number), at: low)
            sleepers.waiting[number] = continuation
            if low == 0 { arm(for: instant) }
            return false
        }
        if isDue { continuation.resume() }
    }

    private func fire() {
        var count: UInt64 = 0
        _ = unsafe read(timer, &count, 8)
        let due = sleepers.withLock { sleepers in
            let now = boot
            let end = sleepers.queue.firstIndex { $0.instant > now } ?? sleepers.queue.count
            let due = sleepers.queue[..<end].compactMap { sleepers.waiting.removeValue(forKey: $0.number) }
            sleepers.queue.removeFirst(end)
            if let next = sleepers.queue.first { arm(for: next.instant) }
            return due
        }
        for continuation in due { continuation.resume() }
    }

    private func arm(for instant: BootInstant) {
        var setting = itimerspec()
        setting.it_value.tv_sec = Int(instant.nanoseconds / 1_000_000_000)
        setting.it_value.tv_nsec = Int(instant.nanoseconds % 1_000_000_000)
        _ = unsafe timerfd_settime(timer, Int32(TFD_TIMER_ABSTIME), &setting, nil)
    }
}
