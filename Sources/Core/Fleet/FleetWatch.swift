import Store
import Synchronization
import Time
import Tokens

/// Follows what the hosts of a fleet write: loads all records, watches from there on, and hands each to whoever waits for it.
final class FleetWatch: Sendable {
    private struct Waiting {
        var waiters: [UInt64: (token: String, continuation: CheckedContinuation<FleetRecord?, Never>)] = [:]
        var next: UInt64 = 0
    }

    let news: AsyncStream<FleetRecord>
    let records = Mutex(UnwrittenRecords())
    private let continuation: AsyncStream<FleetRecord>.Continuation
    private let store: any FleetStore
    private let clocks: any Clocks
    private let availability: FleetAvailability
    private let waiting = Mutex(Waiting())

    /// Between two looks at a lock that is taken, where no news came.
    private static let look = Duration.seconds(1)
    /// A watch that ends sooner is not begun again at once.
    private static let shortWatch = Duration.seconds(5)

    init(store: any FleetStore, clocks: any Clocks, availability: FleetAvailability) {
        self.store = store
        self.clocks = clocks
        self.availability = availability
        (news, continuation) = AsyncStream.makeStream()
    }

    /// Hears what others write, until it is cancelled; where the store is lost it comes back to it.
    ///
    /// - Parameter loaded: after each load, before the watch goes on.
    func run(_ loaded: () async -> Void) async {
        var failures = 0
        while !Task.isCancelled {
            do throws(StoreFault) {
                let (records, revision) = try await store.load()
                failures = 0
                availability.found()
                for record in records { hear(.record(record)) }
                await loaded()
                // A watch that is cut says nothing of the store: the next load does.
                let began = clocks.boot
                try? await store.watch(from: revision + 1) { [weak self] in self?.hear($0) }
                if clocks.boot - began < Self.shortWatch { try? await clocks.sleep(until: clocks.boot + Self.look) }
            } catch {
                guard !Task.isCancelled else { break }
                availability.lost(error)
                failures += 1
                try? await clocks.sleep(until: clocks.boot + BackoffPolicy.doubled(.milliseconds(250), failures, cap: .seconds(5)))
            }
        }
        continuation.finish()
    }

    func hear(_ news: FleetNews) {
        switch news {
        case .record(let record):
            records.withLock { $0.heard(record.name, record.revision) }
            continuation.yield(record)
            wake(record.token.name.token, record)
        case .unlocked(let name): wake(name.token)
        }
    }

    /// The news of a token that comes next; nil where none came in a moment, or only its lock is free.
    func change(of token: String) async -> FleetRecord? {
        let number = waiting.withLock { waiting in
            waiting.next += 1
            return waiting.next
        }
        var timer: Task<Void, Never>?
        let news = await withCheckedContinuation { continuation in
            waiting.withLock { $0.waiters[number] = (token, continuation) }
            timer = Task { [weak self, clocks] in
                try? await clocks.sleep(until: clocks.boot + Self.look)
                self?.release(number)
            }
        }
        timer?.cancel()
        return news
    }

    private func release(_ number: UInt64) {
        waiting.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume(returning: nil)
    }

    private func wake(_ token: String, _ news: FleetRecord? = nil) {
        let woken = waiting.withLock { waiting in
            let woken = waiting.waiters.filter { $0.value.token == token }
            for number in woken.keys { waiting.waiters[number] = nil }
            return woken.values
        }
        for waiter in woken { waiter.continuation.resume(returning: news) }
    }
}
