import Time

/// How often callers without identity were refused, by user where the kernel tells one. Touched on one loop.
struct RefusalLimit {
    private let rate: Rate
    private var buckets: [UInt32?: RateBucket] = [:]

    /// Users counted one by one; the others together.
    private static let users = 1024

    init(_ rate: Rate) {
        self.rate = rate
    }

    /// Counts a refusal; where there were too many, how long until the next one is answered in full.
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
