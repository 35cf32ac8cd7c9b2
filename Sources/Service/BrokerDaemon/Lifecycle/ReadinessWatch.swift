package import Broker
package import Configuration
import Synchronization
package import Time
package import Tokens

/// Passes events on and signals when tokens changed, so that readiness is checked on change rather than by polling.
package final class ReadinessWatch: EventSink {
    private let next: any EventSink
    package let changes: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let ready = Atomic(false)
    /// Whether readiness was reported to the service manager.
    var isReady: Bool { ready.load(ordering: .acquiring) }
    private let fault = Mutex<String?>(nil)
    /// Why the last reload was refused; nil after one that was applied.
    package var reloadFault: String? { fault.withLock { $0 } }

    package init(before next: any EventSink) {
        self.next = next
        (changes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    package func record(_ event: BrokerEvent) {
        next.record(event)
        switch event {
        case .reloaded: fault.withLock { $0 = nil }
        case .reloadRefused(let faults): fault.withLock { $0 = faults.first }
        case .tokenAdopted, .tokenShared, .loginFailed, .tokenDropped, .held, .tokenNotYetValid, .storeFailed, .storeRecovered,
            .refreshTokenUnsecured,
            .refreshTokenSecured:
            break
        case .loginBegan, .loginAlone, .fleetLockBroken, .fleetRecordUnread, .fleetClocksDiffer, .refreshFailed, .lateResultDropped,
            .partnerClockIgnored, .expirySourceIgnored, .rejectionReported, .secretChanged, .secretUnreadable, .logoutFailed, .sinkFailed:
            return
        }
        signalChange()
    }

    func becomeReady() { ready.store(true, ordering: .releasing) }

    /// Makes the observer of `changes` check again.
    package func signalChange() { continuation.yield() }

    /// Whether the condition for READY holds.
    ///
    /// - Parameter place: the index of the cell to check first, the one that was not usable last time. The check runs once for
    ///   each login and must not visit ten thousand cells each time.
    package static func holds(_ readiness: Readiness, _ cells: [TokenCell], at now: BootInstant, from place: inout Int) -> Bool {
        func isUsable(_ cell: TokenCell) -> Bool { cell.isUsable(at: now) }
        switch readiness.condition {
        case .listening: return true
        case .any:
            let required = cells.filter { $0.isRequired.load(ordering: .relaxed) }
            return required.isEmpty || required.contains(where: isUsable)
        case .all:
            if place >= cells.count { place = 0 }
            for offset in cells.indices {
                let index = (place + offset) % cells.count
                guard cells[index].isRequired.load(ordering: .relaxed), !isUsable(cells[index]) else { continue }
                place = index
                return false
            }
            return true
        }
    }
}
