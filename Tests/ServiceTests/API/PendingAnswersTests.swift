import LocalHTTP
import Observability
import Synchronization
import TestSupport
import Testing

@testable import API

/// Answers given later: how many at a time and for whom, and to the last one at a stop.
@Suite struct PendingAnswersTests {
    private static let two = PendingAnswers.Bounds(all: 2, each: 2)

    @Test func `no more than the limit wait or run, and each end makes room`() async {
        let pending = PendingAnswers()
        let (gate, open) = AsyncStream<Void>.makeStream()
        #expect(pending.submit(for: .strangers, Self.two) { _ in for await _ in gate {} } != nil)
        #expect(pending.submit(for: .strangers, Self.two) { _ in } != nil)
        #expect(pending.submit(for: .strangers, Self.two) { _ in } == nil)
        async let running: Void = pending.run()
        // The second has ended, the first still waits.
        #expect(await eventually { pending.submit(for: .strangers, Self.two) { _ in } != nil })
        open.finish()
        pending.finish()
        await running
    }

    @Test func `each owner has its share`() async {
        let pending = PendingAnswers()
        let bounds = PendingAnswers.Bounds(all: 5, each: 2)
        #expect(pending.submit(for: .user(1), bounds) { _ in } != nil)
        #expect(pending.submit(for: .user(1), bounds) { _ in } != nil)
        #expect(pending.submit(for: .user(1), bounds) { _ in } == nil)
        #expect(pending.submit(for: .user(2), bounds) { _ in } != nil)
        #expect(pending.submit(for: .party("billing"), bounds) { _ in } != nil)
        pending.finish()
        await pending.run()
        #expect(pending.submit(for: .user(1), bounds) { _ in } != nil)
    }

    @Test func `a wait that is ended ends, before it began too, and its answer is replaced`() async {
        let pending = PendingAnswers()
        let outcomes = Mutex<[Int]>([])
        let refusal = Outcome(Response(status: 403))
        let answers = (0..<2).compactMap { _ in
            pending.submit(for: .user(1), Self.two) { answer in
                // Only a cancellation ends it.
                try? await Task.sleep(for: .seconds(3600))
                outcomes.withLock { $0.append(answer.instead?.response.status ?? 0) }
            }
        }
        answers[0].end(with: refusal)
        async let running: Void = pending.run()
        #expect(await eventually { outcomes.withLock { $0 } == [403] })
        answers[1].end()
        #expect(await eventually { outcomes.withLock { $0 } == [403, 0] })
        pending.finish()
        await running
    }

    @Test func `a stop waits for every answer`() async {
        let (pending, done) = (PendingAnswers(), Count())
        let bounds = PendingAnswers.Bounds(all: 20, each: 20)
        for _ in 0..<20 { #expect(pending.submit(for: .strangers, bounds) { _ in done.value.add(1, ordering: .relaxed) } != nil) }
        pending.finish()
        await pending.run()
        #expect(done.value.load(ordering: .relaxed) == 20)
    }

    private final class Count: Sendable {
        let value = Atomic<Int>(0)
    }
}
