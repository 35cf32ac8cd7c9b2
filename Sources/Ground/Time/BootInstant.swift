/// A moment on CLOCK_BOOTTIME, which runs through suspend and is never set. All deadlines use it.
package struct BootInstant: Sendable, Hashable, Comparable {
    /// Nanoseconds since the machine booted.
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package static let distantFuture = BootInstant(nanoseconds: .max)

    package static func < (left: BootInstant, right: BootInstant) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (instant: BootInstant, duration: Duration) -> BootInstant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return BootInstant(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    package static func - (instant: BootInstant, duration: Duration) -> BootInstant { instant + (.zero - duration) }

    package static func - (left: BootInstant, right: BootInstant) -> Duration {
        let (difference, overflow) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
        return .nanoseconds(overflow ? (left < right ? .min : .max) : difference)
    }
}
