package import Broker
package import Configuration
import Synchronization
package import Time
package import Tokens

/// Passes events on and says when tokens changed, so that readiness is looked at then and not by the clock.
package final class ReadinessWatch: EventSink {
    private let next: any EventSink
    package let changes: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let ready = Atomic(false)
    /// Whether the service manager was told so.
    var isReady: Bool { ready.load(ordering: .acquiring) }
    private let fault = Mutex<String?>(nil)
    /// Why the last reload changed nothing; nil after one that was taken.
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
        case .tokenAdopted, .tokenShared, .loginFailed, .tokenDropped, .storeFailed, .storeRecovered: break
        case .loginBegan, .loginAlone, .lateResultDropped, .partnerClockIgnored, .rejectionReported, .secretChanged: return
        }
        look()
    }

    func becomeReady() { ready.store(true, ordering: .releasing) }

    /// Has whoever watches look again.
    package func look() { continuation.yield() }

    /// Whether the condition for READY holds.
    ///
    /// - Parameter place: where to look first: the cell that was missing last time; asked once a login, this must not look
    ///   at ten thousand cells each time.
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
