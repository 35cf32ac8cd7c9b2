import Store
import Synchronization
import Time
import Tokens

/// Whether the fleet's store can be reached.
///
/// Each change is one event, and logins that come due shortly after a loss do not each contact the store again.
final class FleetAvailability: Sendable {
    private struct State {
        var isLost = false
        var retryAt = BootInstant(nanoseconds: 0)
    }

    private let clocks: any Clocks
    private let events: any EventSink
    private let state = Mutex(State())

    /// How long a lost store is not contacted.
    private static let retryPause = Duration.seconds(2)

    init(clocks: any Clocks, events: any EventSink) {
        self.clocks = clocks
        self.events = events
    }

    /// - Throws: `StoreFault` while a lost store is not to be contacted.
    func check() throws(StoreFault) {
        let isResting = state.withLock { $0.isLost && clocks.boot < $0.retryAt }
        if isResting { throw StoreFault("the fleet's store is lost") }
    }

    func lost(_ fault: StoreFault) {
        let isNew = state.withLock { state in
            if !state.isLost || clocks.boot >= state.retryAt { state.retryAt = clocks.boot + Self.retryPause }
            defer { state.isLost = true }
            return !state.isLost
        }
        if isNew { events.record(.storeFailed(reason: fault.description)) }
    }

    /// - Returns: whether it was lost.
    @discardableResult
    func found() -> Bool {
        let wasLost = state.withLock { state in
            defer { state.isLost = false }
            return state.isLost
        }
        if wasLost { events.record(.storeRecovered) }
        return wasLost
    }
}
