import Synchronization
package import Time
package import Tokens

/// Writes changes to a store in the background; serving never waits for it.
///
/// Changes that arrive during a write are gathered and written in one transaction. If the store fails, they are kept until it
/// works again.
package final class StoreWriter: Sendable {
    private struct State {
        var changes = StoreChanges()
        var isWriting = false
        /// The pause after which a store that has failed is tried again.
        var rest: Task<Void, Never>?
        /// Records with a refresh token that is not on disk yet.
        var unsecured: Set<RecordName> = []
        /// Their tokens, once that was reported.
        var reported: Set<String> = []
        var idle: [CheckedContinuation<Void, Never>] = []
        /// Whether the store is a new one, which lacks what was written before.
        var isNew = false
        var refill: (@Sendable () async -> Void)?
    }

    private let store: any TokenStore
    private let clocks: any Clocks
    private let events: any EventSink
    private let state = Mutex(State())
    private let hasFailed: Atomic<Bool>

    /// Maximum number of attempts kept while the store fails; the oldest are dropped first.
    private static let keptAttempts = 10_000

    /// - Parameter hasFailed: whether the store's failure was already reported.
    package init(store: any TokenStore, clocks: any Clocks, events: any EventSink, hasFailed: Bool = false) {
        self.hasFailed = Atomic(hasFailed)
        self.store = store
        self.clocks = clocks
        self.events = events
    }

    /// Sets what saves every record again, once the store's file was replaced by another one.
    package func onReplacement(_ refill: @escaping @Sendable () async -> Void) { state.withLock { $0.refill = refill } }

    package func save(_ token: StoredToken) {
        add {
            $0.tokens[token.name] = token
            $0.removed.remove(token.name)
        }
    }

    /// Writes a record with a new refresh token; returns when it is on disk, or the store has failed.
    ///
    /// While the store fails it is tried every second, since the refresh token before may be spent and losing this one locks the account.
    package func secure(_ token: StoredToken) async {
        save(token)
        let rest = state.withLock { state in
            state.unsecured.insert(token.name)
            defer { state.rest = nil }
            return state.rest
        }
        rest?.cancel()
        await flush()
    }

    package func remove(_ name: RecordName) {
        add {
            $0.tokens[name] = nil
            $0.removed.insert(name)
        }
    }

    package func record(_ attempt: PastLogin) {
        add {
            $0.attempts.append(attempt)
            if $0.attempts.count > Self.keptAttempts { $0.attempts.removeFirst($0.attempts.count - Self.keptAttempts) }
        }
    }

    /// A token's logins, newest first; includes everything recorded before the call if the store works.
    package func history(of token: String, limit: Int) async throws(StoreFault) -> [PastLogin] {
        await flush()
        return try await store.history(of: token, limit: limit)
    }

    /// The logins from one time to another, by the hour.
    package func logins(since start: WallTime, before end: WallTime) async throws(StoreFault) -> [LoginCount] {
        try await store.logins(since: start, before: end)
    }

    /// Returns when everything recorded before the call is on disk, or the store has failed.
    package func flush() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                let isDone = !state.isWriting || state.rest != nil
                if !isDone { state.idle.append(continuation) }
                return isDone
            }
            if isIdle { continuation.resume() }
        }
    }

    private func add(_ change: (inout StoreChanges) -> Void) {
        let mustBegin = state.withLock { state in
            change(&state.changes)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustBegin { Task { await drain() } }
    }

    private func drain() async {
        var failuresInARow = hasFailed.exchange(false, ordering: .relaxed) ? 1 : 0
        while let taken = take() {
            do throws(StoreFault) {
                try await store.write(taken)
                noteSecured(by: taken)
                if failuresInARow > 0 { events.record(.storeRecovered) }
                failuresInARow = 0
                await refillIfNew()
            } catch {
                putBack(taken)
                if error.kind == .moved { state.withLock { $0.isNew = true } }
                failuresInARow += 1
                if failuresInARow == 1 { events.record(.storeFailed(reason: error.description)) }
                reportUnsecured(error)
                await rest(after: failuresInARow)
            }
        }
    }

    private func refillIfNew() async {
        let refill = state.withLock { state in
            defer { state.isNew = false }
            return state.isNew ? state.refill : nil
        }
        await refill?()
    }

    private func rest(after failuresInARow: Int) async {
        let clocks = clocks
        let rest = state.withLock { state in
            let pause = BackoffPolicy.doubled(.seconds(1), failuresInARow, cap: state.unsecured.isEmpty ? .seconds(60) : .seconds(1))
            let rest = Task<Void, Never> { try? await clocks.sleep(until: clocks.boot + pause) }
            state.rest = rest
            return rest
        }
        await rest.value
        state.withLock { $0.rest = nil }
    }

    // MARK: Refresh tokens

    private func reportUnsecured(_ fault: StoreFault) {
        let new = state.withLock { state in
            let new = Set(state.unsecured.map(\.token)).subtracting(state.reported)
            state.reported.formUnion(new)
            return new
        }
        for token in new.sorted() { events.record(.refreshTokenUnsecured(token: token, reason: fault.description)) }
    }

    private func noteSecured(by changes: StoreChanges) {
        let secured = state.withLock { state in
            // A newer record of the same name waits for its own write.
            state.unsecured = state.unsecured.filter { changes.tokens[$0] == nil && !changes.removed.contains($0) || state.changes.tokens[$0] != nil }
            let secured = state.reported.subtracting(state.unsecured.map(\.token))
            state.reported.subtract(secured)
            return secured
        }
        for token in secured.sorted() { events.record(.refreshTokenSecured(token: token)) }
    }

    // MARK: Writing

    /// Takes all pending changes; if there are none, ends writing and returns nil.
    private func take() -> StoreChanges? {
        let (taken, waiting) = state.withLock { state in
            let taken = state.changes
            state.changes = StoreChanges()
            guard taken.isEmpty else { return (taken as StoreChanges?, [CheckedContinuation<Void, Never>]()) }
            state.isWriting = false
            defer { state.idle = [] }
            return (nil, state.idle)
        }
        for continuation in waiting { continuation.resume() }
        return taken
    }

    /// Restores changes that could not be written, unless newer ones replace them, and resumes callers of `flush`.
    private func putBack(_ taken: StoreChanges) {
        let waiting = state.withLock { state in
            for (name, token) in taken.tokens where state.changes.tokens[name] == nil && !state.changes.removed.contains(name) {
                state.changes.tokens[name] = token
            }
            for name in taken.removed where state.changes.tokens[name] == nil { state.changes.removed.insert(name) }
            state.changes.attempts = taken.attempts + state.changes.attempts
            defer { state.idle = [] }
            return state.idle
        }
        for continuation in waiting { continuation.resume() }
    }
}
