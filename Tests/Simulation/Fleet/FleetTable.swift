import Broker
import Configuration
import Fleet
import Glibc
import Observability
import Secrets
import Synchronization
import TestSupport
import Time
import Tokens

/// A scenario of many hosts, each with the real broker, keepers, policies and member, on one simulated time line, network and etcd.
/// What the partner sees and what callers see goes into a table.
struct Scenario {
    var name: String
    var hours = 6.0
    var hasFleet = true
    var perMinute: Int?
    var rejects = false
    var etcdDown: @Sendable (Duration) -> Bool = { _ in false }
    var partnerDown: @Sendable (Duration) -> Bool = { _ in false }
    var skewed = 0.0
    var startsWithin = Duration.seconds(600)
}

func hours(_ from: Double, _ to: Double) -> @Sendable (Duration) -> Bool {
    { $0 >= .milliseconds(Int64(from * 3_600_000)) && $0 < .milliseconds(Int64(to * 3_600_000)) }
}

struct Outcome {
    var logins = 0, perHour = 0.0, peakMinute = 0, throttled = 0, rejections = 0, etcdCalls = 0
    /// Samples, one each 5 s and host once it had its first token, and those without a living token.
    var samples = 0, gaps = 0
    var withoutFirst = 0, agreeing = 0

    mutating func note(_ counts: SimulatedPartner.Counts, hours: Double, since start: BootInstant) {
        logins = counts.logins.count
        perHour = Double(counts.logins.count) / hours
        peakMinute = Dictionary(grouping: counts.logins) { ($0 - start).wholeSeconds / 60 }.values.map(\.count).max() ?? 0
        throttled = counts.throttled
        rejections = counts.rejections
    }
}

/// Hosts that share one account, each with the real broker, keepers, policies and member, on one time line, network and etcd: what the partner
/// sees and what callers see, as a table.
struct FleetTable {
    let count: Int
    let configuration: BrokerConfiguration
    private let lifetime = Duration.seconds(900)

    init(hosts: Int) throws {
        count = hosts
        configuration = try TestConfiguration.read(
            TestConfiguration.plainProvider + "tokens:\n  a: {provider: plain, inputs: {secret: {value: s}}}\n")
    }

    func run(_ scenario: Scenario) -> Outcome {
        let time = SimulatedTime()
        let start = time.now
        let partner = SimulatedPartner(
            time, lifetime: lifetime, perMinute: scenario.perMinute, rejects: scenario.rejects, isDown: scenario.partnerDown)
        let etcd = SimulatedEtcd(time, isDown: scenario.etcdDown)
        Task { await etcd.run() }
        var random = SeededGenerator(seed: 7)
        var brokers: [TokenBroker] = []
        let cells = CellBoard()
        for host in 0..<count {
            let skew =
                Double.random(in: 0..<1, using: &random) < scenario.skewed ? Duration.seconds(Int64.random(in: -300...300, using: &random)) : .zero
            let clocks = HostClocks(time: time, skew: skew)
            let identity = HostIdentity(bootID: "boot-\(host)", fingerprints: Fingerprints(key: Secret("fleet")))
            let member =
                scenario.hasFleet
                ? FleetMember(
                    store: HostFleetStore(etcd: etcd, host: host, clocks: clocks), clocks: clocks, events: Silence(), host: "host-\(host)") : nil
            let broker = TokenBroker(
                clocks: clocks, transport: HostTransport(partner: partner, clocks: clocks, start: start), secrets: SimulatedSecrets(),
                events: Silence(),
                identity: identity, fleet: member)
            brokers.append(broker)
            let begins = start + scenario.startsWithin * Double.random(in: 0..<1, using: &random)
            Task {
                try? await time.sleep(until: begins)
                await broker.apply(configuration)
                if let cell = broker.board.all["a"] { cells.add(cell, host) }
                await broker.run()
            }
        }
        var outcome = Outcome()
        let end = start + .milliseconds(Int64(scenario.hours * 3_600_000))
        var sample = start
        var hadToken = Set<Int>()
        while sample < end {
            sample = sample + .seconds(5)
            SimulationExecutor.shared.drain()
            while time.step(until: sample) { SimulationExecutor.shared.drain() }
            for (host, cell) in cells.all {
                let isAlive = cell.current?.token.isAlive(at: time.now) ?? false
                if isAlive { hadToken.insert(host) }
                guard hadToken.contains(host) else { continue }
                outcome.samples += 1
                if !isAlive { outcome.gaps += 1 }
            }
        }
        outcome.note(partner.now, hours: scenario.hours, since: start)
        outcome.etcdCalls = etcd.calls
        outcome.withoutFirst = count - hadToken.count
        let fingerprints = Dictionary(grouping: cells.all.compactMap { $0.1.current?.token.fingerprint }) { $0 }.values.map(\.count)
        outcome.agreeing = fingerprints.max() ?? 0
        etcd.end()
        for broker in brokers { Task { await broker.stop() } }
        SimulationExecutor.shared.drain()
        while time.step(until: end + .seconds(60)) { SimulationExecutor.shared.drain() }
        return outcome
    }

    func print() {
        let scenarios = [
            Scenario(name: "each host for itself", hours: 2, hasFleet: false),
            Scenario(name: "a fleet", hours: 6),
            Scenario(name: "all hosts start at once", hours: 1, startsWithin: .milliseconds(1)),
            Scenario(name: "one host in five has its clock up to 5 min wrong", hours: 6, skewed: 0.2),
            Scenario(name: "etcd gone for an hour", hours: 4, etcdDown: hours(1, 2)),
            Scenario(name: "the same, partner allows 120 logins a minute", hours: 4, perMinute: 120, etcdDown: hours(1, 2)),
            Scenario(name: "etcd gone for 5 min", hours: 2, etcdDown: hours(1, 1.083)),
            Scenario(name: "the partner down for 4 min", hours: 2, partnerDown: hours(1, 1.067)),
            Scenario(name: "the partner down for 30 min", hours: 2, partnerDown: hours(1, 1.5)),
            Scenario(name: "wrong credentials on every host", hours: 24, rejects: true),
        ]
        Swift.print("\(count) hosts, one account, tokens of 15 min, a partner that takes 0.2 s\n")
        Swift.print(
            "| | logins an hour | most in a minute | 429 | 401 | etcd calls an hour | time without a token, of all hosts' | last: hosts with the same token |"
        )
        Swift.print("|---|---|---|---|---|---|---|---|")
        for scenario in scenarios {
            let began = ContinuousClock.now
            let outcome = run(scenario)
            let gaps = outcome.samples == 0 ? "-" : outcome.gaps == 0 ? "0" : "\(Double(outcome.gaps * 1_000_000 / outcome.samples) / 10_000) %"
            Swift.print(
                "| \(scenario.name) | \(Int(outcome.perHour.rounded())) | \(outcome.peakMinute) | \(outcome.throttled) | \(outcome.rejections) "
                    + "| \(Int(Double(outcome.etcdCalls) / scenario.hours)) | \(gaps) | \(outcome.agreeing) |")
            explainTime(scenario.name, ContinuousClock.now - began)
        }
    }
}

/// Cells of the hosts that are up.
private final class CellBoard: Sendable {
    private let cells = Mutex<[(Int, TokenCell)]>([])
    var all: [(Int, TokenCell)] { cells.withLock { $0 } }
    func add(_ cell: TokenCell, _ host: Int) { cells.withLock { $0.append((host, cell)) } }
}

private func explainTime(_ what: String, _ took: Duration) {
    let bytes = Array("simulation: \(what): \(DurationSyntax.words(took))\n".utf8)
    _ = unsafe write(2, bytes, bytes.count)
}
