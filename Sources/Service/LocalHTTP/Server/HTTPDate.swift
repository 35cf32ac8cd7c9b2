import Time

/// The IMF-fixdate of the current second (RFC 9110 §5.6.7), rendered when the second changes.
public struct HTTPDate: Sendable {
    /// 29 bytes: `Sun, 06 Nov 1994 08:49:37 GMT`.
    public private(set) var bytes: [UInt8] = []
    private var second: Int64 = .min

    public init() {}

    /// - Parameter wallNanoseconds: CLOCK_REALTIME, nanoseconds since 1970.
    public mutating func update(wallNanoseconds: Int64) {
        let now = WallTime(nanoseconds: wallNanoseconds)
        guard now.seconds != second else { return }
        second = now.seconds
        bytes = Array(CalendarTime.imfFixdate(now).utf8)
    }
}
