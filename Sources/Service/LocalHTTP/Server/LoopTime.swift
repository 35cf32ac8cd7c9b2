/// The clocks as read once a batch: nanoseconds.
package struct LoopTime: Sendable {
    /// CLOCK_BOOTTIME.
    package var boot: Int64 = 0
    /// CLOCK_REALTIME, since 1970.
    package var wall: Int64 = 0

    package init() {}
}
