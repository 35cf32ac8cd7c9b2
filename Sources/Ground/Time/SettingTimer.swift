import CLinux
import Dispatch
import Glibc

/// Wakes whoever waits when the wall clock is set: a timerfd on CLOCK_REALTIME that is never due and that a setting cancels (timerfd_create(2),
/// TFD_TIMER_CANCEL_ON_SET). It costs an idle process nothing.
final class SettingTimer: Sendable {
    private let timer: Int32
    /// `nonisolated(unsafe)`: set in `init`, cancelled in `deinit`; Dispatch sources may be used from any thread.
    private nonisolated(unsafe) let source: (any DispatchSourceRead)?

    /// - Parameter set: called after each setting.
    init(_ set: @escaping @Sendable () -> Void) {
        timer = timerfd_create(CLOCK_REALTIME, Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK))
        guard timer >= 0 else {
            // Without it, settings are not noticed; tokens live by the boot-time clock all the same.
            unsafe source = nil
            return
        }
        let timer = timer
        let made = DispatchSource.makeReadSource(fileDescriptor: timer, queue: DispatchQueue(label: "tokenbroker.clock"))
        made.setCancelHandler { close(timer) }
        made.setEventHandler {
            var count: UInt64 = 0
            // Fails with ECANCELED.
            _ = unsafe read(timer, &count, 8)
            Self.arm(timer)
            set()
        }
        unsafe source = made
        Self.arm(timer)
        made.resume()
    }

    deinit { unsafe source?.cancel() }

    private static func arm(_ timer: Int32) {
        var setting = itimerspec()
        // The end of 64 bits of nanoseconds.
        setting.it_value.tv_sec = 9_223_372_036
        _ = unsafe timerfd_settime(timer, Int32(TFD_TIMER_ABSTIME) | Int32(TFD_TIMER_CANCEL_ON_SET), &setting, nil)
    }
}
