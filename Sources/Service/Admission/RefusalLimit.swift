import Time

/// Limits how often unknown callers are refused in full, by user where the kernel reports one. Used on one loop.
struct RefusalLimit {
    private let rate: Rate
    private var buckets: [UInt32?: RateBucket] = [:]

    /// The number of users counted separately; further users share one count.
    private static let users = 1024

    init(_ rate: Rate) {
        self.rate = rate
    }

    /// Counts a refusal; where there were too many, returns the time until the next one is answered in full.
    mutating func take(user: UInt32?, at now: Int64) -> Duration? {
        var key = user
        if buckets[user] == nil, buckets.count >= Self.users {
            buckets = buckets.filter { !$0.value.isFull(at: now) }
            if buckets.count >= Self.users { key = nil }
        }
        var bucket = buckets[key] ?? RateBucket(rate, now: now)
        defer { buckets[key] = bucket }
        return bucket.take(at: now)
    }
}
