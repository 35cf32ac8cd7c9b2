/// The clock readings of a batch, in nanoseconds, taken once for each batch.
public struct LoopTime: Sendable {
    /// CLOCK_BOOTTIME.
    public var boot: Int64 = 0
    /// CLOCK_REALTIME, nanoseconds since 1970.
    public var wall: Int64 = 0

    public init() {}
}
