import Store
import Synchronization
import Time

/// What a machine's disk holds, over crashes and restarts.
final class Disk: Sendable {
    enum Weather: Sendable {
        case full, slow(Duration), unopenable

        static func draw(_ draw: inout SeededDraw) -> Weather {
            switch draw.below(3) {
            case 0: .full
            case 1: .slow(.seconds(Int64(1 + draw.below(20))))
            default: .unopenable
            }
        }
    }

    private struct State {
        var tokens: [RecordName: StoredToken] = [:]
        var attempts: [PastLogin] = []
        var weather: Weather?
    }
    private let state = Mutex(State())

    var tokens: [RecordName: StoredToken] { state.withLock { $0.tokens } }
    var weather: Weather? {
        get { state.withLock { $0.weather } }
        set { state.withLock { $0.weather = newValue } }
    }

    /// In the order of names.
    var stored: [StoredToken] { tokens.values.sorted { ($0.name.token, $0.name.inputs) < ($1.name.token, $1.name.inputs) } }

    func commit(_ changes: StoreChanges) {
        state.withLock { state in
            for name in changes.removed { state.tokens[name] = nil }
            state.tokens.merge(changes.tokens) { $1 }
            state.attempts += changes.attempts
            if state.attempts.count > 400 { state.attempts.removeFirst(200) }
        }
    }

    func attempts(of token: String) -> [PastLogin] { state.withLock { $0.attempts.filter { $0.token == token } } }
}

/// A process's way to the disk: each write takes a moment, before which and after which the process may die.
struct DiskStore: TokenStore {
    let disk: Disk
    let life: Life
    /// Called with what has just reached the disk.
    let committed: @Sendable (StoreChanges) -> Void

    func load() async throws(StoreFault) -> [StoredToken] { disk.stored }

    func write(_ changes: StoreChanges) async throws(StoreFault) {
        await life.pass(.milliseconds(3))
        switch disk.weather {
        case .full: throw StoreFault("database or disk is full")
        case .slow(let time): await life.pass(time)
        case .unopenable, nil: break
        }
        disk.commit(changes)
        committed(changes)
        await life.pass(.milliseconds(3))
    }

    func history(of token: String, limit: Int) async throws(StoreFault) -> [PastLogin] { Array(disk.attempts(of: token).suffix(limit).reversed()) }
}
