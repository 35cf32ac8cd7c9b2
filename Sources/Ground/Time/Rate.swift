/// A rate limit: at most `count` events in any `period`.
package struct Rate: Sendable, Hashable {
    package var count: Int
    package var period: Duration

    package init(count: Int, period: Duration) {
        self.count = count
        self.period = period
    }

    /// Reads `120/min`, `5/s` or `1000/h`; the count is 1 to 1,000,000.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let periods: [String: Duration] = ["s": .seconds(1), "min": .seconds(60), "h": .seconds(3600)]
        guard parts.count == 2, let count = Int(parts[0]), count > 0, count <= 1_000_000, let period = periods[String(parts[1])] else { return nil }
        self.count = count
        self.period = period
    }
}
