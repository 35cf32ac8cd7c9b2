/// A moment on the wall clock: for people, the wire and the disk, never for deciding whether a token is alive.
package struct WallTime: Sendable, Hashable, Comparable {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package init(seconds: Int64) {
        nanoseconds = seconds.multipliedReportingOverflow(by: 1_000_000_000).overflow ? (seconds < 0 ? .min : .max) : seconds * 1_000_000_000
    }

    /// A moment in seconds since 1970; one beyond what 64 bits of nanoseconds hold (the year 2262) is the last one there is.
    package init(fractionalSeconds: Double) {
        nanoseconds = Int64(exactly: (fractionalSeconds * 1e9).rounded()) ?? (fractionalSeconds < 0 ? .min : .max)
    }

    /// Seconds since 1970, rounded down.
    package var seconds: Int64 {
        nanoseconds / 1_000_000_000 - (nanoseconds % 1_000_000_000 < 0 ? 1 : 0)
    }

    package static func < (left: WallTime, right: WallTime) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (time: WallTime, duration: Duration) -> WallTime {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return WallTime(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    package static func - (time: WallTime, duration: Duration) -> WallTime { time + (.zero - duration) }

    package static func - (left: WallTime, right: WallTime) -> Duration {
        let (difference, overflow) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
        return .nanoseconds(overflow ? (left < right ? .min : .max) : difference)
    }
}
