/// The boot-time and wall clocks; injected, so that tests can control both.
package protocol Clocks: Sendable {
    var boot: BootInstant { get }
    var wall: WallTime { get }

    /// Returns once the boot-time clock has reached the instant, even if the machine was suspended in between.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    func sleep(until instant: BootInstant) async throws

    /// Returns once the wall clock has been set, so that its offset from the boot-time clock is more than 5 s from `offset`.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    func wallClockSet(from offset: Duration) async throws
}

extension Clocks {
    /// Wall time less boot time: what a setting of the wall clock changes.
    package var offset: Duration { .nanoseconds(wall.nanoseconds - boot.nanoseconds) }
}

extension Duration {
    /// Whole nanoseconds, clamped to 64 bits (292 years).
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
