/// The clocks as read once a batch: nanoseconds.
public struct LoopTime: Sendable {
    /// CLOCK_BOOTTIME.
    public var boot: Int64 = 0
    /// CLOCK_REALTIME, since 1970.
    public var wall: Int64 = 0

    public init() {}
}
