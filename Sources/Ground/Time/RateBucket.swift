/// A token bucket that enforces a rate: it holds `count` and refills evenly within `period`. Pure; times are boot-time nanoseconds.
package struct RateBucket: Sendable {
    private let rate: Rate
    private var tokens: Double
    private var filledAt: Int64

    package init(_ rate: Rate, now: Int64) {
        self.rate = rate
        tokens = Double(rate.count)
        filledAt = now
    }

    /// Takes one and returns nil; if the bucket is empty, returns the time until one is available.
    package mutating func take(at now: Int64) -> Duration? {
        let perNanosecond = Double(rate.count) / Double(rate.period.nanoseconds)
        tokens = min(Double(rate.count), tokens + Double(max(0, now - filledAt)) * perNanosecond)
        filledAt = max(filledAt, now)
        guard tokens < 1 else {
            tokens -= 1
            return nil
        }
        return .nanoseconds(Int64((1 - tokens) / perNanosecond))
    }

    /// Whether nothing was taken for a whole period, so that the bucket equals a new one.
    package func isFull(at now: Int64) -> Bool { now - filledAt >= rate.period.nanoseconds }
}
