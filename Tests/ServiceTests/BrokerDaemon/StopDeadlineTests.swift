import Synchronization
import TestSupport
import Testing

@testable import BrokerDaemon

/// The hard end of a stop.
@Suite struct StopDeadlineTests {
    @Test func `a stop that hangs is ended once, with the step that hung`() async {
        let ended = Mutex<[String]>([])
        let deadline = StopDeadline { step in ended.withLock { $0.append(step) } }
        deadline.begin(within: .milliseconds(10))
        deadline.enter("writing to the store")
        #expect(await eventually { ended.withLock { !$0.isEmpty } })
        deadline.finish()
        #expect(ended.withLock { $0 }.count == 1)
    }

    @Test func `a stop that ends is left alone`() async throws {
        let (deadline, later) = (StopDeadline { _ in Issue.record("ended") }, Flag())
        deadline.begin(within: .milliseconds(10))
        deadline.finish()
        let end = StopDeadline { _ in later.value.withLock { $0 = true } }
        end.begin(within: .milliseconds(50))
        #expect(await eventually { later.value.withLock { $0 } })
    }

    private final class Flag: Sendable {
        let value = Mutex(false)
    }
}
