import Store
import Synchronization
import Time
import Tokens

/// Whether the fleet's store can be reached, and whether it takes writes: a member without room answers every question and keeps nothing.
///
/// Each change is one event, and logins that come due shortly after a loss do not each contact the store again.
final class FleetAvailability: Sendable {
    private struct State {
        var isLost = false
        var refusesWrites = false
        var retryAt = BootInstant(nanoseconds: 0)

        var isUsable: Bool { !isLost && !refusesWrites }
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
        if fault.kind == .writeOnly { return refused(fault) }
        let isNew = state.withLock { state in
            if !state.isLost || clocks.boot >= state.retryAt { state.retryAt = clocks.boot + Self.retryPause }
            defer { state.isLost = true }
            return state.isUsable
        }
        if isNew { events.record(.storeFailed(reason: fault.description)) }
    }

    /// Notes that a write failed, whatever reads do.
    func refused(_ fault: StoreFault) {
        let isNew = state.withLock { state in
            defer { state.refusesWrites = true }
            return state.isUsable
        }
        if isNew { events.record(.storeFailed(reason: fault.description)) }
    }

    /// Notes that the store answered.
    ///
    /// - Parameter wrote: whether it took a write.
    /// - Returns: whether it was lost.
    @discardableResult
    func found(wrote: Bool = false) -> Bool {
        let (wasLost, isRecovered) = state.withLock { state in
            let before = state
            state.isLost = false
            if wrote { state.refusesWrites = false }
            return (before.isLost, !before.isUsable && state.isUsable)
        }
        if isRecovered { events.record(.storeRecovered) }
        return wasLost
    }
}
