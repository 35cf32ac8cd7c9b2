import TestSupport
import Testing
import Time

/// Rates and their buckets.
@Suite struct RateTests {
    @Test(arguments: [("120/min", 120, 60), ("5/s", 5, 1), ("1000/h", 1000, 3600)]) func `a rate is a number and a period`(
        text: String, count: Int, seconds: Int
    ) {
        #expect(Rate(text) == Rate(count: count, period: .seconds(seconds)))
    }

    @Test(arguments: ["", "5", "5/", "/s", "0/s", "-1/s", "5/d", "5/s/s", "1000001/s", "5 /s"]) func `is none`(text: String) {
        #expect(Rate(text) == nil)
    }

    @Test func `a bucket gives its count at once, then evenly, and is full after its period`() {
        var bucket = RateBucket(Rate(count: 2, period: .seconds(1)), now: 0)
        let first = bucket.take(at: 0)
        let second = bucket.take(at: 0)
        let third = bucket.take(at: 0)
        #expect(first == nil && second == nil)
        #expect((499_999_990...500_000_000).contains(third?.nanoseconds ?? 0))
        let later = bucket.take(at: 500_000_000)
        #expect(later == nil && !bucket.isFull(at: 500_000_000) && bucket.isFull(at: 1_500_000_000))
    }
}
