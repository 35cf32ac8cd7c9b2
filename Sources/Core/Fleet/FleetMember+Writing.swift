package import Store
import Synchronization
import Time
import Tokens

/// What this host writes for the others.
extension FleetMember {
    /// How a write ended.
    package enum Writing: Sendable {
        /// The record is stored, or will be once the store takes it.
        case kept
        /// Another host's record is newer.
        case prevails(FleetRecord)
        /// The lock of an exclusive login ran out before its result was written: another host may have logged in meanwhile.
        case lockLost
    }

    /// How often a record is written over others that are older.
    private static let attempts = 3

    /// Writes a login's result under its lock, or over the revision seen last if there was no lock.
    ///
    /// Where the lock ran out, or the store went back to an earlier state, the newer login counts.
    package func write(_ token: StoredToken, under lock: FleetLock?, isExclusive: Bool = false) async -> Writing {
        let name = FleetName(token.name, login: token.login)
        do throws(StoreFault) {
            let seen = watch.records.withLock { $0.revision(under: name) }
            var outcome = if let lock { try await store.write(token, under: lock) } else { try await store.write(token, over: seen) }
            for _ in 0..<Self.attempts {
                guard case .refused(let record) = outcome, !FleetOrder.prevails(record, over: token) else { break }
                if lock != nil, isExclusive { return .lockLost }
                outcome = try await store.write(token, over: record?.revision ?? 0)
            }
            availability.found(wrote: true)
            switch outcome {
            case .written(let revision):
                watch.records.withLock { $0.settle(name, revision) }
                return .kept
            case .refused(let record):
                watch.records.withLock { $0.settle(name, record?.revision ?? 0) }
                return record.map { .prevails($0) } ?? .kept
            }
        } catch {
            availability.refused(error)
            watch.records.withLock { $0.keep(token) }
            noteUnwritten.yield()
            return .kept
        }
    }

    /// Puts this host's record in the place of an earlier login's, as of a store that was restored, unless another host does so first.
    ///
    /// - Parameter revision: of the earlier record; 0 if there is none.
    package func writeBack(_ token: StoredToken, over revision: Int64) async {
        let name = FleetName(token.name, login: token.login)
        // Of many hosts that notice, one writes.
        try? await clocks.sleep(until: clocks.boot + .seconds(2) * draw())
        guard !Task.isCancelled, watch.records.withLock({ $0.revision(under: name) == revision }) else { return }
        if case .prevails(let theirs) = await write(token, under: nil) { watch.receive(.record(theirs)) }
    }

    /// Writes what could not be written. Of hosts that logged in without the store, the later login prevails, and the others adopt it.
    func writeUnwritten() async {
        for token in watch.records.withLock({ $0.all }) {
            if case .prevails(let theirs) = await write(token, under: nil) { watch.receive(.record(theirs)) }
        }
    }

    /// Writes what could not be written as soon as the store takes it, with growing pauses: it may answer every question and take no write.
    func writeLate() async {
        for await _ in unwritten {
            var failures = 0
            while !Task.isCancelled, !watch.records.withLock({ $0.all.isEmpty }) {
                failures += 1
                try? await clocks.sleep(until: clocks.boot + BackoffPolicy.doubled(.seconds(1), failures, cap: .seconds(60)))
                await writeUnwritten()
            }
        }
    }
}
