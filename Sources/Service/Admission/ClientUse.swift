import Configuration
import Synchronization
import Time

/// What one client has used up of its limits; shared by all event loops.
package final class ClientUse: Sendable {
    let limits: ClientLimits
    private let bucket: Mutex<RateBucket?>
    private let inFlight = Atomic<Int>(0)

    init(_ limits: ClientLimits) {
        self.limits = limits
        bucket = Mutex(nil)
    }

    /// Takes one request; where the rate has none left, how long until it has.
    package func takeRequest(at now: Int64) -> Duration? {
        guard let rate = limits.requests else { return nil }
        return bucket.withLock { bucket in
            var taken = bucket ?? RateBucket(rate, now: now)
            defer { bucket = taken }
            return taken.take(at: now)
        }
    }

    /// Takes a place among the requests being answered; false where all are taken. `leave` gives it back.
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
