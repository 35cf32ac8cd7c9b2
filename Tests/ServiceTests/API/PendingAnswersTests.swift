import Synchronization
import TestSupport
import Testing

@testable import API

/// Answers given later: how many at a time, and to the last one at a stop.
@Suite struct PendingAnswersTests {
    @Test func `no more than the limit wait or run, and each end makes room`() async {
        let pending = PendingAnswers()
        let (gate, open) = AsyncStream<Void>.makeStream()
        #expect(pending.submit(limit: 2) { for await _ in gate {} })
        #expect(pending.submit(limit: 2) {})
        #expect(!pending.submit(limit: 2) {})
        async let running: Void = pending.run()
        // The second has ended, the first still waits.
        #expect(await eventually { pending.submit(limit: 2) {} })
        open.finish()
        pending.finish()
        await running
    }

    @Test func `a stop waits for every answer`() async {
        let (pending, done) = (PendingAnswers(), Count())
        for _ in 0..<20 { #expect(pending.submit(limit: 20) { done.value.add(1, ordering: .relaxed) }) }
        pending.finish()
        await pending.run()
        #expect(done.value.load(ordering: .relaxed) == 20)
    }

    private final class Count: Sendable {
        let value = Atomic<Int>(0)
    }
}
