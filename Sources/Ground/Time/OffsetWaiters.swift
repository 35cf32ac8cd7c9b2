import Synchronization

/// Those who wait until the wall clock has been set.
package final class OffsetWaiters: Sendable {
    private struct State {
        var next: UInt64 = 0
        var waiting: [UInt64: (from: Duration, continuation: CheckedContinuation<Void, Never>)] = [:]
    }
    private let state = Mutex(State())

    /// What the two clocks may drift apart before it counts.
    private static let tolerance = Duration.seconds(5)

    package init() {}

    /// Whether the wall clock was set between two readings of its offset.
    package static func differ(_ one: Duration, _ other: Duration) -> Bool { !(.zero - tolerance...tolerance).contains(one - other) }

    /// Waits until the offset is more than 5 s from `offset`.
    ///
    /// - Parameter current: the offset as it is.
    package func wait(from offset: Duration, _ current: @Sendable () -> Duration) async throws {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if Task.isCancelled || Self.differ(current(), offset) { return true }
                    state.waiting[number] = (offset, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.continuation.resume()
        }
        try Task.checkCancellation()
    }

    /// Resumes those for whom the offset has changed.
    package func notify(_ current: Duration) {
        let due = state.withLock { state in
            let due = state.waiting.filter { Self.differ(current, $0.value.from) }
            for number in due.keys { state.waiting[number] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }
}
