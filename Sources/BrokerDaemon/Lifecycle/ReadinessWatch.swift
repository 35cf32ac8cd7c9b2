package import BrokerCore
import Synchronization

/// Passes events on and says when tokens changed, so that readiness is looked at then and not by the clock.
package final class ReadinessWatch: EventSink {
    private let next: any EventSink
    package let changes: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    package init(before next: any EventSink) {
        self.next = next
        (changes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    package func record(_ event: BrokerEvent) {
        next.record(event)
        switch event {
        case .tokenAdopted, .loginFailed, .reloaded, .tokenDropped: continuation.yield()
        default: break
        }
    }

    /// Whether the condition for READY holds.
    package static func holds(_ readiness: Readiness, _ cells: [TokenCell], at now: BootInstant) -> Bool {
        let required = cells.filter { $0.isRequired.load(ordering: .relaxed) }
        func isUsable(_ cell: TokenCell) -> Bool { cell.current?.token.isAlive(at: now) ?? false }
        return switch readiness.condition {
        case .listening: true
        case .all: required.allSatisfy(isUsable)
        case .any: required.isEmpty || required.contains(where: isUsable)
        }
    }
}
