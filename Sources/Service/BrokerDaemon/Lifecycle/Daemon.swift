import API
import Admission
import Broker
import CLinux
package import Configuration
import Files
import Fleet
import Glibc
import LocalHTTP
package import Logging
package import Observability
import OutboundHTTP
import Secrets
import Sinks
package import Store
package import Time
import Tokens
import YAML

/// The composition root: the only place that creates the real implementations and connects them.
package actor Daemon {
    private let path: String
    private let logger: Logger
    private let clocks: SystemClocks
    private let transport: CurlTransport
    private let broker: TokenBroker
    private let watch: ReadinessWatch
    private var configuration: BrokerConfiguration
    private let serving: ServingBoard
    private let pending = PendingAnswers()
    private let metrics: Metrics
    private let audit: AuditLog
    private let output: StandardError
    private let log: LogSwitch
    private let store: StoreWriter?
    private let fleet: FleetMember?
    private let secretWatch = SecretWatch()
    private let sinks: TokenSinks
    private let environment: [String: String]
    private let notifier: ServiceNotifier?
    private let reloads = ReloadLine()
    private let stopDeadline: StopDeadline

    /// The longest time a stop may take.
    private static let stopTime = Duration.seconds(9)

    package init(
        configuration: BrokerConfiguration, path: String, logger: Logger, log: LogSwitch, output: StandardError, clocks: SystemClocks,
        environment: [String: String],
        store: Result<OpenedStore?, StoreFault>, fleetKey: StoreKey? = nil,
        reopen: @escaping LateStore.Opening
    ) {
        self.log = log
        self.environment = environment
        notifier = ServiceNotifier(environment: environment)
        self.output = output
        metrics = Metrics(output: output, version: Version.current, clocks: clocks)
        audit = AuditLog(log, output: output)
        self.configuration = configuration
        self.path = path
        self.logger = logger
        stopDeadline = StopDeadline { step in
            logger.critical("the stop took too long and is cut off", metadata: ["hung": "\(step)"])
            output.flush(within: 0.2)
            // Not exit(3): its handlers could wait for what hangs.
            _exit(EX_SOFTWARE)
        }
        self.clocks = clocks
        let transport = CurlTransport(clocks: clocks, userAgent: "tokenbroker/\(Version.current)")
        self.transport = transport
        let events = EventFan([EventLog(logger), metrics.events, metrics.hours])
        let (writer, opened) = Self.writer(store, reopen, clocks: clocks, events: events)
        self.store = writer
        let key = fleetKey ?? opened?.key
        let identity = HostIdentity(
            bootID: Self.bootID(environment), fingerprints: key.map { Fingerprints(key: $0.derived(for: "fingerprints")) } ?? Fingerprints())
        sinks = TokenSinks(SinkEnvironment(clocks: clocks, events: events, group: UserDatabase.group, variables: environment))
        watch = ReadinessWatch(before: EventFan([events, sinks] + (writer.map { [AttemptRecorder($0, clocks: clocks)] } ?? [])))
        let secrets = SystemSecretSource(environment: environment)
        fleet = fleetKey.flatMap { Self.fleet(configuration.store, $0, transport, clocks: clocks, secrets: secrets, events: events) }
        broker = TokenBroker(
            clocks: clocks, transport: transport, secrets: secrets, events: watch, identity: identity,
            store: writer, restored: opened?.tokens ?? [], fleet: fleet, bounds: configuration.logins)
        serving = ServingBoard(Serving(configuration, cells: []))
    }

    /// The store's writer; nil where tokens are kept in memory. A later write opens a store that could not be opened at start.
    private static func writer(
        _ store: Result<OpenedStore?, StoreFault>, _ reopen: @escaping LateStore.Opening, clocks: SystemClocks, events: any EventSink
    ) -> (StoreWriter?, OpenedStore?) {
        switch store {
        case .success(let opened):
            return (opened.map { StoreWriter(store: LateStore($0, reopen), clocks: clocks, events: events) }, opened)
        case .failure(let fault):
            events.record(.storeFailed(reason: fault.description))
            return (StoreWriter(store: LateStore(nil, reopen), clocks: clocks, events: events, hasFailed: true), nil)
        }
    }

    /// The boot ID. The unit passes it in the environment, since its sandbox hides /proc/sys. Without one, each start counts as
    /// a new boot, and times are then taken from the wall clock.
    private static func bootID(_ environment: [String: String]) -> String {
        let given = environment["TOKENBROKER_BOOT_ID"] ?? ConfigurationFiles.line("/proc/sys/kernel/random/boot_id")
        return given?.filter { $0 != "-" } ?? Digest.hex(Digest.random(8))
    }

    private static func fleet(
        _ store: StoreConfiguration, _ key: StoreKey, _ transport: CurlTransport, clocks: SystemClocks, secrets: any SecretSource,
        events: any EventSink
    ) -> FleetMember? {
        guard case .etcd(let etcd, _) = store else { return nil }
        var name = [CChar](repeating: 0, count: 256)
        _ = unsafe gethostname(&name, name.count - 1)
        let host = "\(String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))-\(Digest.hex(Digest.random(4)))"
        return FleetMember(
            store: EtcdFleetStore(etcd, key: key, host: host, transport: transport, clocks: clocks, secrets: secrets, events: events), clocks: clocks,
            events: events,
            host: host)
    }

    /// Serves until a signal stops it.
    ///
    /// - Throws: `SystemCallError` when a listener cannot be opened; nothing is running then.
    package func run() async throws {
        let listeners = try listeners()
        let credentials = try configuration.openCredentialSocket.map {
            try CredentialSocket($0, places: DescriptorLimit.credentials, broker: broker, serving: serving, clocks: clocks, logger: logger)
        }
        let signals = Signals([SIGTERM, SIGINT, SIGHUP])
        let api = BrokerAPI(
            broker: broker, board: serving, clocks: clocks, metrics: metrics, store: store, storePlace: storePlace,
            configurationPath: path.hasPrefix("/") ? path : nil,
            summary: { [reporter = reporter] in reporter.summary },
            reload: { [reloads] in await reloads.request() })
        await broker.apply(configuration)
        await publish()
        let requestIDs = RequestIDs()
        let ledger = RequestLedger(metrics: metrics.requests, audit: audit, clocks: clocks)
        let server = try HTTPServer(listeners, limits: ServerLimits(configuration.limits, connectionsAtMost: DescriptorLimit.connections)) {
            [serving, pending] in
            BrokerHandler(board: serving, api: api, pending: pending, requestIDs: requestIDs, ledger: ledger)
        }
        serving.observe { server.wake() }
        if let fleet { logger.notice("fleet", metadata: ["host": "\(fleet.host)"]) }
        for address in server.addresses { logger.notice("listening", metadata: ["address": "\(address)"]) }
        warnOfUnknownPeers(listeners)
        await withTaskGroup { group in
            group.addTask { [broker] in await broker.run() }
            group.addTask { [pending] in await pending.run() }
            group.addTask { [store, metrics] in await Self.recall(store, metrics.hours) }
            if let credentials { group.addTask { await credentials.run() } }
            group.addTask { [broker, changes = secretWatch.changes] in for await paths in changes { await broker.secretsChanged(paths) } }
            group.addTask { [self] in await reloads.run { await reload() } }
            if getpid() == 1 { group.addTask { [clocks] in await Self.reap(clocks) } }
            group.addTask { [clocks, logger] in await SocketFileWatch(listeners: listeners, clocks: clocks, logger: logger).run() }
            await withTaskGroup { reports in
                reports.addTask { [reporter = reporter, readiness = configuration.readiness] in await reporter.run(readiness, server: server) }
                for await number in signals.sequence {
                    guard number == SIGHUP else { break }
                    reloads.submit()
                }
                reports.cancelAll()
            }
            await drain(server)
            stopDeadline.enter("ending its own tasks")
            group.cancelAll()
        }
        stopDeadline.finish()
        logger.notice("stopped")
        output.flush(within: 0.5)
    }

    /// Counts the logins that an earlier process recorded.
    private static func recall(_ store: StoreWriter?, _ hours: LoginHours) async {
        guard let store, let counts = try? await store.logins(since: hours.start, before: hours.began) else { return }
        for count in counts { hours.add(at: count.at, succeeded: count.succeeded, failed: count.failed) }
    }

    private var storePlace: StorePlace {
        if case .etcd(let etcd, _) = configuration.store {
            return StorePlace(.etcd, place: etcd.endpoints.joined(separator: ", "), host: fleet?.host)
        }
        return OpenedStore.place(configuration.store, environment).map { StorePlace(.sqlite, place: $0.path) } ?? StorePlace(.memory)
    }

    /// Reaps what commands have left behind: in a container without an init, this process inherits it.
    private static func reap(_ clocks: SystemClocks) async {
        while (try? await clocks.sleep(until: clocks.boot + .seconds(5))) != nil { OwnChildren.reapOthers() }
    }

    /// Warns if clients are known by user, and the kernel does not say who connects over TCP: some container runtimes refuse the question.
    private func warnOfUnknownPeers(_ listeners: [Listener]) {
        let loopback = listeners.map(\.address).filter { if case .unix = $0 { false } else { true } }
        guard let address = loopback.first, configuration.clients.contains(where: { $0.user != nil || $0.group != nil }) else { return }
        var diagnosis = SocketDiagnosis()
        guard diagnosis?.listener(at: address) == nil else { return }
        logger.warning(
            "the kernel does not say who connects over TCP (NETLINK_SOCK_DIAG is refused): clients with user or group are served over the unix socket alone"
        )
    }

    private var reporter: ServiceReporter {
        ServiceReporter(
            notifier: notifier, watch: watch, serving: serving, schedule: broker.schedule, metrics: metrics, clocks: clocks, logger: logger)
    }

    // MARK: Changes

    private func reload() async -> ReloadOutcome {
        // Until the daemon is ready, the manager waits for READY=1 and must keep waiting: send no RELOADING=1.
        guard watch.isReady else { return await readAndApply() }
        notifier?.send(.reloading(at: ServiceNotifier.monotonicMicroseconds))
        defer { notifier?.send(.ready(status: reporter.summary.text)) }
        return await readAndApply()
    }

    /// Reads the configuration again and applies it; a faulty one changes nothing.
    private func readAndApply() async -> ReloadOutcome {
        let new: BrokerConfiguration
        let warnings: [ConfigurationFault]
        do throws(ConfigurationFaults) {
            (new, warnings) = try ConfigurationFiles.read(path)
        } catch {
            let faults = ConfigurationFault.shown(error.faults.filter { !$0.isWarning }.map(\.description))
            watch.record(.reloadRefused(faults: faults))
            return .refused(faults: faults)
        }
        var notices = ConfigurationFault.shown(warnings.map(\.plainDescription))
        let fixed = [
            ("listen", new.listeners != configuration.listeners), ("limits", new.limits != configuration.limits),
            ("logins", new.logins != configuration.logins),
            ("clients with unit", new.openCredentialSocket != configuration.openCredentialSocket), ("store", new.store != configuration.store),
        ].filter(\.1).map(\.0)
        if !fixed.isEmpty { notices.append("\(fixed.joined(separator: ", ")): changed only by a restart; the old values stay in force") }
        let credentials = Set(new.references.compactMap { if case .credential(let name) = $0 { name } else { nil } })
        for name in Credentials(environment: environment).outdated(among: credentials) {
            notices.append("credential \(name): its file is newer than the service's copy; restart the service to use it")
        }
        for warning in notices { logger.warning("configuration warning", metadata: ["warning": "\(warning)"]) }
        configuration = new
        // Rights that were taken away end at once, whatever the entries wait for.
        serving.replace(Serving(new, cells: Array(broker.board.all.values), previous: serving.serving))
        await broker.apply(new)
        await publish()
        ProcessMemory.release()
        return .done(warnings: notices)
    }

    private func publish() async {
        let files = configuration.tokens.reduce(into: Set<String>()) { $0.formUnion($1.files) }
        for warning in secretWatch.watch(files) { logger.warning("\(warning)") }
        audit.isOn = configuration.isAudited
        log.apply(configuration.log)
        metrics.keepTokens(Set(configuration.tokens.map(\.name)))
        await sinks.apply(configuration.tokens, broker.board.all)
        serving.replace(Serving(configuration, cells: Array(broker.board.all.values), previous: serving.serving))
    }

    /// Ends waits at once, answers the requests already received, and returns within the stop time.
    private func drain(_ server: HTTPServer) async {
        logger.notice("stopping")
        notifier?.send(.stopping(status: "answering the requests already received"))
        reloads.close()
        sinks.stop()
        stopDeadline.begin(within: Self.stopTime + .seconds(1))
        stopDeadline.enter("ending refreshes in progress")
        await broker.stop()
        stopDeadline.enter("answering requests")
        await server.drain(within: Self.stopTime)
        pending.finish()
        server.stop()
        transport.stop()
        stopDeadline.enter("writing to the store")
        await store?.flush()
    }

    // MARK: The process

    /// Hardens the process. Call it first, before secrets are read.
    ///
    /// It disables core dumps and ptrace by the same user, ignores SIGPIPE so that a reset connection does not kill the process,
    /// and raises the descriptor limit to the hard one.
    package static func prepareProcess() {
        signal(SIGPIPE, SIG_IGN)
        // Swift's backtracer would write registers and memory to standard error.
        for fatal in [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGQUIT, SIGSYS] { signal(fatal, SIG_DFL) }
        _ = linux_set_dumpable(0)
        var core = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe setrlimit(__rlimit_resource_t(4), &core)  // RLIMIT_CORE
        DescriptorLimit.raise()
    }

    /// The inherited sockets and the configured listeners not among them. The default listeners apply only where no socket was
    /// inherited and the configuration names none.
    private func listeners() throws -> [Listener] {
        let inherited = try InheritedSockets(environment: environment).listeners
        for listener in inherited { logger.info("socket taken over", metadata: ["address": "\(listener.address)"]) }
        if !inherited.isEmpty, !configuration.namesListeners { return inherited }
        let known = Set(inherited.map(\.address.description))
        return try inherited + configuration.listeners.filter { !known.contains($0.address.description) }.map(Self.listener)
    }

    private static func listener(_ configuration: ListenerConfiguration) throws -> Listener {
        switch configuration.address {
        case .tcp(let text):
            guard let address = SocketAddress(loopback: text) else { throw SystemCallError("bind", text, code: EADDRNOTAVAIL) }
            return try Listener(address)
        case .unix(let path, let mode, let group):
            guard group == nil || group.flatMap(UserDatabase.group) != nil else {
                throw SystemCallError("bind", "unix:\(path) (no such group: \(group ?? ""))", code: EINVAL)
            }
            return try Listener(.unix(path: path), access: SocketFileAccess(mode: mode, group: group.flatMap(UserDatabase.group)))
        }
    }
}
