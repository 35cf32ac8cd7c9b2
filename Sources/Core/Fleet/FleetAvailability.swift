import Store
import Synchronization
import Time
import Tokens

/// Whether the fleet's store can be reached. Each change is one event, and a store that was just lost is not asked again by each login that is due.
final class FleetAvailability: Sendable {
    private struct State {
        var isLost = false
        var retryAt = BootInstant(nanoseconds: 0)
    }

    private let clocks: any Clocks
    private let events: any EventSink
    private let state = Mutex(State())

    /// How long a lost store is left alone.
    private static let rest = Duration.seconds(2)

    init(clocks: any Clocks, events: any EventSink) {
        self.clocks = clocks
        self.events = events
    }

    /// - Throws: `StoreFault` while a lost store rests.
    func check() throws(StoreFault) {
        let isResting = state.withLock { $0.isLost && clocks.boot < $0.retryAt }
        if isResting { throw StoreFault("the fleet's store is lost") }
    }

    func lost(_ fault: StoreFault) {
        let isNew = state.withLock { state in
            if !state.isLost || clocks.boot >= state.retryAt { state.retryAt = clocks.boot + Self.rest }
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
