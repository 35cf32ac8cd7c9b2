/// A moment on CLOCK_BOOTTIME: goes on through suspend and is never set. Deadlines live on it.
package struct BootInstant: Sendable, Hashable, Comparable {
    /// Nanoseconds since the machine started.
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package static let distantFuture = BootInstant(nanoseconds: .max)

    package static func < (left: BootInstant, right: BootInstant) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (instant: BootInstant, duration: Duration) -> BootInstant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return BootInstant(nanoseconds: overflow ? .max : sum)
    }

    package static func - (instant: BootInstant, duration: Duration) -> BootInstant { instant + (.zero - duration) }

    package static func - (left: BootInstant, right: BootInstant) -> Duration { .nanoseconds(left.nanoseconds - right.nanoseconds) }
}

/// A moment of the wall clock: for people, the wire and the disk, never for deciding whether a token lives.
package struct WallTime: Sendable, Hashable, Comparable {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package init(seconds: Int64) {
        nanoseconds = seconds.multipliedReportingOverflow(by: 1_000_000_000).overflow ? (seconds < 0 ? .min : .max) : seconds * 1_000_000_000
    }

    /// Seconds since 1970, rounded down.
    package var seconds: Int64 {
        nanoseconds >= 0 ? nanoseconds / 1_000_000_000 : -((999_999_999 - nanoseconds) / 1_000_000_000)
    }

    package static func < (left: WallTime, right: WallTime) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (time: WallTime, duration: Duration) -> WallTime {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return WallTime(nanoseconds: overflow ? .max : sum)
    }

    package static func - (left: WallTime, right: WallTime) -> Duration {
        let (difference, overflow) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
        return .nanoseconds(overflow ? (left < right ? .min : .max) : difference)
    }
}

/// Time as the program sees it; injected, so that a test can hold both clocks in its hand.
package protocol Clocks: Sendable {
    var boot: BootInstant { get }
    var wall: WallTime { get }

    /// Returns once the boot-time clock has reached the instant, also when the machine slept in between.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    func sleep(until instant: BootInstant) async throws
}

extension Duration {
    /// Whole nanoseconds, at most what 64 bits hold (292 years).
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carry ? (seconds < 0 ? .min : .max) : sum
    }

    /// Whole seconds, rounded towards zero.
    package var wholeSeconds: Int64 { components.seconds }

    /// Whole seconds, rounded up.
    package var secondsRoundedUp: Int64 { components.attoseconds > 0 ? components.seconds + 1 : components.seconds }

    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
