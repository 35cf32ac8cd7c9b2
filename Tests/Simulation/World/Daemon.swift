import Configuration
import Fleet
import Logging
import Secrets
import Synchronization
import Time
import Tokens

@testable import API
@testable import Admission
@testable import Broker
@testable import Observability
@testable import Store

/// A process of the daemon in a simulated world: the real broker, writer, fleet member, metrics, log and API on simulated clocks, disk, network
/// and secrets.
final class Daemon: @unchecked Sendable {
    let life: Life
    let machine: Machine
    let world: World
    let broker: TokenBroker
    let writer: StoreWriter?
    let metrics: Metrics
    let board: ServingBoard
    let api: BrokerAPI
    let loop: SimulatedLoop
    /// Whether it answers requests.
    private(set) var isOpen = false
    /// Logins that ended, by token.
    var ended: [String: Int] = [:]

    private var lastReload: Task<Void, Never>?

    static let fingerprints = Fingerprints(key: Secret("simulation"))
    private static let key = StoreKey()

    init(_ machine: Machine, in world: World) {
        let life = Life(machine)
        (self.life, self.machine, self.world) = (life, machine, world)
        let log = LogSwitch(isJournal: false, clocks: life, override: .trace)
        let logger = Logger(label: "simulation") { _ in LineLogHandler(log) { world.logged($0) } }
        metrics = Metrics(output: StandardError { _ in }, version: "simulated", clocks: life)
        let own = OwnEvents()
        let events = EventFan([EventLog(logger), metrics.events, metrics.hours, own])
        var restored: [StoredToken] = []
        if world.etcd == nil {
            let store = DiskStore(disk: machine.disk, life: life) { world.committed($0, by: life) }
            let opened = Self.open(store, machine.disk)
            restored = opened?.tokens ?? []
            let late = LateStore(opened) { () throws(StoreFault) in
                guard let opened = Self.open(store, machine.disk) else { throw StoreFault("cannot be opened") }
                return opened
            }
            writer = StoreWriter(store: late, clocks: life, events: events, hasFailed: opened == nil)
        } else {
            writer = nil
        }
        let host = "machine-\(machine.number)-\(world.nextNumber())"
        let fleet = world.etcd.map { etcd in
            FleetMember(
                store: EtcdLink(life: life, store: HostFleetStore(etcd: etcd, host: machine.number, clocks: life)), clocks: life, events: events,
                host: host,
                makeGenerator: { world.makeGenerator() })
        }
        broker = TokenBroker(
            clocks: life, transport: PartnerLink(life: life, world: world), secrets: MachineSecrets(life: life),
            events: EventFan([events] + (writer.map { [AttemptRecorder($0, clocks: life)] } ?? [])),
            identity: HostIdentity(bootID: machine.bootID, fingerprints: Self.fingerprints), store: writer, restored: restored, fleet: fleet,
            makeGenerator: { world.makeGenerator() })
        board = ServingBoard(Serving(world.configuration(machine.variant), cells: []))
        api = BrokerAPI(broker: broker, board: board, clocks: life, metrics: metrics, store: writer) { .done(warnings: []) }
        loop = SimulatedLoop(metrics.requests)
        own.daemon = self
    }

    private static func open(_ store: DiskStore, _ disk: Disk) -> OpenedStore? {
        if case .unopenable? = disk.weather { return nil }
        return OpenedStore(store: store, key: key, tokens: disk.stored)
    }

    var configuration: BrokerConfiguration { world.configuration(machine.variant) }

    // MARK: Life

    func start() {
        Task { [self] in
            await apply()
            isOpen = true
            world.opened(self)
            await broker.run()
        }
    }

    /// Applies its configuration, after the reloads before it.
    func reload() {
        let before = lastReload
        lastReload = Task { [self] in
            await before?.value
            await life.pass(.zero)
            await apply()
        }
    }

    private func apply() async {
        world.applies(on: machine.number)
        let new = configuration
        board.replace(Serving(new, cells: Array(broker.board.all.values), previous: board.serving))
        await broker.apply(new)
        metrics.keepTokens(Set(new.tokens.map(\.name)))
        board.replace(Serving(new, cells: Array(broker.board.all.values), previous: board.serving))
    }

    func secretsChanged(_ paths: Set<String>) {
        Task { [self] in
            await life.pass(.zero)
            await broker.secretsChanged(paths)
        }
    }

    /// A planned stop; then `next` is called.
    func stop(_ next: @escaping @Sendable () -> Void) {
        isOpen = false
        Task { [self] in
            await broker.stop()
            await writer?.flush()
            kill()
            next()
        }
    }

    func kill() {
        isOpen = false
        life.die()
    }
}

/// Passes events to the world once the daemon that they are of exists.
private final class OwnEvents: EventSink, @unchecked Sendable {
    weak var daemon: Daemon?
    func record(_ event: BrokerEvent) { if let daemon, !daemon.life.isOver { daemon.world.heard(event, from: daemon) } }
}
