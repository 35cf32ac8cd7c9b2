import Glibc

/// The IMF-fixdate of the current second (RFC 9110 §5.6.7), rendered when the second changes.
package struct HTTPDate: Sendable {
    /// 29 bytes: `Sun, 06 Nov 1994 08:49:37 GMT`.
    package private(set) var bytes: [UInt8] = []
    private var second: Int64 = .min

    package init() {}

    /// - Parameter wallNanoseconds: CLOCK_REALTIME, nanoseconds since 1970.
    package mutating func update(wallNanoseconds: Int64) {
        let now = wallNanoseconds / 1_000_000_000
        guard now != second else { return }
        second = now
        bytes = Self.render(second: now)
    }

    package static func render(second: Int64) -> [UInt8] {
        var seconds = time_t(second)
        var parts = unsafe tm()
        _ = unsafe gmtime_r(&seconds, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func padded(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let date = unsafe "\(days[Int(parts.tm_wday)]), \(padded(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
        return Array(unsafe "\(date) \(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec)) GMT".utf8)
    }
}
