import Store
import Synchronization
import Time
import Tokens

/// Follows what the hosts of a fleet write: loads all records, watches from there on, and passes each record to its waiters.
final class FleetWatch: Sendable {
    private struct Waiting {
        var waiters: [UInt64: (token: String, continuation: CheckedContinuation<FleetRecord?, Never>)] = [:]
        var next: UInt64 = 0
    }

    let news: AsyncStream<FleetHearing>
    let records = Mutex(UnwrittenRecords())
    private let continuation: AsyncStream<FleetHearing>.Continuation
    private let store: any FleetStore
    private let clocks: any Clocks
    private let availability: FleetAvailability
    private let waiting = Mutex(Waiting())

    /// Interval between checks of a taken lock without news.
    private static let pollInterval = Duration.seconds(1)
    /// How long a watch is trusted: a member that is stopped keeps its connections open and says nothing.
    private static let trustedTime = Duration.seconds(300)
    /// A watch that ends sooner is restarted only after a pause.
    private static let shortWatch = Duration.seconds(5)

    init(store: any FleetStore, clocks: any Clocks, availability: FleetAvailability) {
        self.store = store
        self.clocks = clocks
        self.availability = availability
        (news, continuation) = AsyncStream.makeStream()
    }

    /// Follows what other hosts write, until it is cancelled; retries a lost store.
    ///
    /// - Parameters:
    ///   - draw: a random number from 0 to 1, for the time until the next load.
    ///   - loaded: called after each load, before the watch begins.
    func run(draw: () -> Double, _ loaded: () async -> Void) async {
        var failures = 0
        while !Task.isCancelled {
            do throws(StoreFault) {
                let (records, position) = try await store.load()
                failures = 0
                availability.found()
                self.records.withLock { $0.loaded(records) }
                for record in records { receive(.record(record)) }
                continuation.yield(.loaded(Set(records.map(\.name))))
                await loaded()
                // The end of a watch does not mean that the store is lost: the next load shows that.
                let began = clocks.boot
                await watch(from: position, for: Self.trustedTime * (0.8 + 0.4 * draw()))
                if clocks.boot - began < Self.shortWatch { try? await clocks.sleep(until: clocks.boot + Self.pollInterval) }
            } catch {
                guard !Task.isCancelled else { break }
                availability.lost(error)
                failures += 1
                try? await clocks.sleep(until: clocks.boot + BackoffPolicy.doubled(.milliseconds(250), failures, cap: .seconds(5)))
            }
        }
        continuation.finish()
    }

    /// Watches until the store ends the watch, or this time has passed.
    private func watch(from position: FleetPosition, for time: Duration) async {
        await withTaskGroup { group in
            group.addTask { [store] in try? await store.watch(from: position) { [weak self] in self?.receive($0) } }
            group.addTask { [clocks] in try? await clocks.sleep(until: clocks.boot + time) }
            await group.next()
            group.cancelAll()
        }
    }

    func receive(_ news: FleetNews) {
        switch news {
        case .record(let record):
            records.withLock { records in
                records.saw(record.name, record.revision)
                guard let own = records.unwritten(record.name), FleetOrder.prevails(record, over: own) else { return }
                records.drop(record.name)
            }
            continuation.yield(.record(record))
            wake(record.token.name.token, record)
        case .unlocked(let name): wake(name.token)
        }
    }

    /// The token's next record; nil if none arrives within the poll interval, or its lock is released first.
    func change(of token: String) async -> FleetRecord? {
        let number = waiting.withLock { waiting in
            waiting.next += 1
            return waiting.next
        }
        var timer: Task<Void, Never>?
        let news = await withCheckedContinuation { continuation in
            waiting.withLock { $0.waiters[number] = (token, continuation) }
            timer = Task { [weak self, clocks] in
                try? await clocks.sleep(until: clocks.boot + Self.pollInterval)
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
