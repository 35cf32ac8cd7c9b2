import Configuration
import Synchronization
import Time

/// The usage of one client against its limits, shared by all event loops.
package final class ClientUse: Sendable {
    let limits: ClientLimits
    private let bucket: Mutex<RateBucket?>
    private let inFlight = Atomic<Int>(0)

    init(_ limits: ClientLimits) {
        self.limits = limits
        bucket = Mutex(nil)
    }

    /// Counts one request; where the rate is exceeded, returns the time until the next request is allowed.
    package func takeRequest(at now: Int64) -> Duration? {
        guard let rate = limits.requests else { return nil }
        return bucket.withLock { bucket in
            var taken = bucket ?? RateBucket(rate, now: now)
            defer { bucket = taken }
            return taken.take(at: now)
        }
    }

    /// Counts a request in flight; false where the limit is reached. `leave` ends it.
    package func enter() -> Bool {
        guard let limit = limits.inFlight else { return true }
        guard inFlight.add(1, ordering: .relaxed).newValue > limit else { return true }
        inFlight.subtract(1, ordering: .relaxed)
        return false
    }

    package func leave() {
        if limits.inFlight != nil { inFlight.subtract(1, ordering: .relaxed) }
    }
}
