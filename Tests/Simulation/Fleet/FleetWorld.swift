import Fleet
import HTTPTypes
import OutboundHTTP
import Secrets
import Store
import Synchronization
import Time
import Tokens

/// A partner: tokens of one lifetime, a time to answer, and as many logins a minute as it allows for the account.
final class SimulatedPartner: Sendable {
    struct Counts {
        var logins: [BootInstant] = []
        var throttled = 0
        var rejections = 0
        var issued = 0
    }
    private let counts = Mutex(Counts())
    private let time: SimulatedTime
    let lifetime: Duration
    let latency: Duration
    let perMinute: Int?
    /// Answers with 500 while it holds.
    let isDown: @Sendable (Duration) -> Bool
    let rejects: Bool

    init(
        _ time: SimulatedTime, lifetime: Duration, latency: Duration = .milliseconds(200), perMinute: Int? = nil, rejects: Bool = false,
        isDown: @escaping @Sendable (Duration) -> Bool = { _ in false }
    ) {
        self.time = time
        self.lifetime = lifetime
        self.latency = latency
        self.perMinute = perMinute
        self.rejects = rejects
        self.isDown = isDown
    }

    var now: Counts { counts.withLock { $0 } }

    /// Status and body.
    func login(since start: BootInstant) -> (Int, String) {
        let at = time.now
        return counts.withLock { counts in
            if isDown(at - start) { return (500, "{}") }
            if let perMinute, counts.logins.suffix(perMinute).first.map({ counts.logins.count >= perMinute && $0 + .seconds(60) > at }) ?? false {
                counts.throttled += 1
                return (429, "{}")
            }
            if rejects {
                counts.rejections += 1
                return (401, "{}")
            }
            counts.logins.append(at)
            counts.issued += 1
            return (200, #"{"access_token":"token-\#(counts.issued)","expires_in":\#(lifetime.wholeSeconds)}"#)
        }
    }
}

/// One host's way to the partner.
struct HostTransport: HTTPTransport {
    let partner: SimulatedPartner
    let clocks: HostClocks
    let start: BootInstant

    func send(_ request: OutboundRequest) async throws(TransportFault) -> PartnerReply {
        let (sentAt, sentAtWall) = (clocks.boot, clocks.wall)
        do { try await clocks.sleep(until: clocks.boot + partner.latency) } catch { throw TransportFault(.unreachable, "cancelled") }
        let (status, body) = partner.login(since: start)
        var fields = HTTPFields()
        fields[.contentType] = "application/json"
        if status == 429, let name = HTTPField.Name("Retry-After") { fields[name] = "60" }
        return PartnerReply(
            status: status, fields: fields, body: Array(body.utf8), sentAt: sentAt, sentAtWall: sentAtWall, receivedAtWall: clocks.wall)
    }
}

struct SimulatedSecrets: SecretSource {
    func readBytes(_ reference: SecretReference) async throws(SecretFault) -> [UInt8] { try await read(reference).exposedBytes }

    func read(_ reference: SecretReference) async throws(SecretFault) -> Secret { Secret("s") }
}

/// What etcd is to hosts: one revision, locks on leases, watches; and times at which nobody reaches it.
final class SimulatedEtcd: Sendable {
    private struct State {
        var revision: Int64 = 1
        var records: [FleetName: (token: StoredToken, revision: Int64, at: BootInstant)] = [:]
        var locks: [RecordName: (lease: Int64, revision: Int64, until: BootInstant)] = [:]
        var nextLease: Int64 = 0
        var watchers: [Int: @Sendable (FleetNews) -> Void] = [:]
        var ends: [Int: CheckedContinuation<Void, Never>] = [:]
        var isOver = false
        var calls = 0
        var lostUntil = BootInstant(nanoseconds: 0)
    }
    private let state = Mutex(State())
    let time: SimulatedTime
    let start: BootInstant
    let isDown: @Sendable (Duration) -> Bool
    static let latency = Duration.milliseconds(5)

    init(_ time: SimulatedTime, isDown: @escaping @Sendable (Duration) -> Bool = { _ in false }) {
        self.time = time
        start = time.now
        self.isDown = isDown
    }

    var calls: Int { state.withLock { $0.calls } }
    var isLost: Bool { isDown(time.now - start) || state.withLock { $0.lostUntil } > time.now }

    /// Every call takes a moment, and a longer one where nobody answers.
    func reach() async throws(StoreFault) {
        let down = isLost
        do { try await time.sleep(until: time.now + (down ? .seconds(1) : Self.latency)) } catch { throw StoreFault("cancelled") }
        if down || isLost { throw StoreFault("no member answers") }
        state.withLock { $0.calls += 1 }
    }

    /// etcd's time has whole seconds.
    private func record(_ entry: (token: StoredToken, revision: Int64, at: BootInstant)) -> FleetRecord {
        FleetRecord(token: entry.token, revision: entry.revision, made: min(time.now, entry.at))
    }

    func load() -> (records: [FleetRecord], position: FleetPosition) {
        state.withLock { state in (state.records.values.map(record), FleetPosition(revision: state.revision)) }
    }

    func lock(_ name: FleetName, for lasting: Duration) -> FleetLocking {
        state.withLock { state in
            let stored = state.records[name].map(record)
            if let held = state.locks[name.record], held.until > time.now { return .taken(stored, HeldLock(revision: held.revision, holder: "")) }
            state.nextLease += 1
            state.revision += 1
            state.locks[name.record] = (state.nextLease, state.revision, time.now + lasting)
            return .mine(FleetLock(name: name, lease: state.nextLease, revision: state.revision), stored)
        }
    }

    func prolong(_ lock: FleetLock) {
        state.withLock { if $0.locks[lock.name.record]?.lease == lock.lease { $0.locks[lock.name.record]?.until = time.now + .seconds(15) } }
    }

    func unlock(_ lock: FleetLock) {
        let isMine = state.withLock { state in
            guard state.locks[lock.name.record]?.lease == lock.lease else { return false }
            state.locks[lock.name.record] = nil
            return true
        }
        if isMine { announce(.unlocked(lock.name.record)) }
    }

    func write(_ token: StoredToken, made: BootInstant, under lock: FleetLock?, over revision: Int64) -> FleetWriting {
        let name = FleetName(token.name, login: token.login)
        let outcome: FleetWriting = state.withLock { state in
            let isFree =
                lock.map { held in state.locks[held.name.record].map { $0.revision == held.revision && $0.until > time.now } ?? false }
                ?? ((state.records[name]?.revision ?? 0) == revision)
            guard isFree else { return .refused(state.records[name].map(record)) }
            state.revision += 1
            state.records[name] = (token, state.revision, made)
            return .written(revision: state.revision)
        }
        if case .written = outcome, let written = state.withLock({ $0.records[name].map(record) }) { announce(.record(written)) }
        return outcome
    }

    private func announce(_ news: FleetNews) {
        Task { [self] in
            try? await time.sleep(until: time.now + .milliseconds(20))
            let watchers = state.withLock { $0.watchers.values }
            for hear in watchers { hear(news) }
        }
    }

    func watch(_ host: Int, _ hear: @escaping @Sendable (FleetNews) -> Void) async throws(StoreFault) {
        await withTaskCancellationHandler {
            await withCheckedContinuation { end in
                state.withLock { state in
                    state.watchers[host] = hear
                    state.ends[host] = end
                }
            }
        } onCancel: {
            cut(host)
        }
        throw StoreFault("the watch has ended")
    }

    private func cut(_ host: Int) {
        let end = state.withLock { state in
            state.watchers[host] = nil
            return state.ends.removeValue(forKey: host)
        }
        end?.resume()
    }

    /// Nobody reaches it until a moment; every watch ends.
    func lose(until end: BootInstant) {
        let hosts = state.withLock { state in
            state.lostUntil = max(state.lostUntil, end)
            return Array(state.ends.keys)
        }
        for host in hosts { cut(host) }
    }

    /// Cuts every watch as soon as nobody is reached any more.
    func run() async {
        while (try? await time.sleep(until: time.now + .seconds(1))) != nil, !state.withLock({ $0.isOver }) {
            guard isLost else { continue }
            for host in state.withLock({ Array($0.ends.keys) }) { cut(host) }
        }
    }

    func end() { state.withLock { $0.isOver = true } }
}

/// One host's way to it.
struct HostFleetStore: FleetStore {
    let etcd: SimulatedEtcd
    let host: Int
    let clocks: any Clocks

    func load() async throws(StoreFault) -> (records: [FleetRecord], position: FleetPosition) {
        try await etcd.reach()
        return etcd.load()
    }

    func lock(_ name: FleetName, for time: Duration, over stale: HeldLock?) async throws(StoreFault) -> FleetLocking {
        try await etcd.reach()
        return etcd.lock(name, for: time)
    }

    func prolong(_ lock: FleetLock) async throws(StoreFault) {
        try await etcd.reach()
        etcd.prolong(lock)
    }

    func unlock(_ lock: FleetLock) async throws(StoreFault) {
        try await etcd.reach()
        etcd.unlock(lock)
    }

    func write(_ token: StoredToken, under lock: FleetLock) async throws(StoreFault) -> FleetWriting {
        let made = etcd.time.now - token.age(by: clocks)
        try await etcd.reach()
        return etcd.write(token, made: made, under: lock, over: 0)
    }

    func write(_ token: StoredToken, over revision: Int64) async throws(StoreFault) -> FleetWriting {
        let made = etcd.time.now - token.age(by: clocks)
        try await etcd.reach()
        return etcd.write(token, made: made, under: nil, over: revision)
    }

    func watch(from position: FleetPosition, _ hear: @escaping @Sendable (FleetNews) -> Void) async throws(StoreFault) {
        try await etcd.watch(host, hear)
    }
}

/// A host's clocks: the common time line, and a wall clock that may be wrong.
struct HostClocks: Clocks {
    let time: SimulatedTime
    let skew: Duration

    /// What the wall clock shows when the time line begins.
    static let epoch = WallTime(seconds: 1_800_000_000)

    var boot: BootInstant { time.now }
    var wall: WallTime { Self.epoch + (time.now - BootInstant(nanoseconds: 1_000_000_000_000)) + skew }

    func sleep(until instant: BootInstant) async throws { try await time.sleep(until: instant) }
    func wallClockSet(from offset: Duration) async throws { try await time.sleep(until: .distantFuture) }
}

struct Silence: EventSink { func record(_ event: BrokerEvent) {} }
