import ArgumentParser
import BrokerDaemon
import Configuration
import Files
import Glibc
import Logging
import Observability
import Secrets
import Store
import Time
import YAML

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", abstract: "Run the daemon.")

    @OptionGroup var files: ConfigurationOption

    @Option(help: "The lowest level that is logged, in place of the configuration's: trace, debug, info, notice, warning, error or critical.")
    var logLevel: String?

    func validate() throws {
        guard logLevel.map({ Logger.Level(rawValue: $0) != nil }) ?? true else {
            throw ValidationError("--log-level must be trace, debug, info, notice, warning, error or critical")
        }
    }

    func run() async throws {
        Daemon.prepareProcess()
        let environment = ProcessEnvironment.all
        ServiceEnvironment.unset()
        do {
            try await serve(environment)
        } catch let error as ExitCode {
            // The next connection to the socket starts the service again at once, and after twenty starts in two seconds systemd
            // closes the socket (systemd.socket(5), TriggerLimitBurst=).
            if environment["LISTEN_FDS"] != nil { try? await Task.sleep(for: .seconds(1)) }
            throw error
        }
    }

    private func serve(_ environment: [String: String]) async throws {
        let (configuration, warnings) = try configuration(environment)
        let clocks = SystemClocks()
        let log = LogSwitch(
            isJournal: LogSwitch.isJournal(environment: environment), clocks: clocks, override: logLevel.flatMap { Logger.Level(rawValue: $0) })
        log.apply(configuration.log)
        let output = StandardError(sink: LogWriter(log).write) { log.prefix(.warning) }
        defer { output.flush(within: 0.5) }
        let logger = Logger(label: "tokenbroker") { _ in LineLogHandler(log) { output.write(Array($0.utf8), from: .log) } }
        logger.notice("tokenbroker \(Version.current)", metadata: Self.facts(configuration, files.path))
        for warning in ConfigurationFault.shown(warnings.map(\.plainDescription)) {
            logger.warning("configuration warning", metadata: ["warning": "\(warning)"])
        }
        let daemon = try await daemon(configuration, environment, logger, log, output, clocks)
        do {
            try await atDefaultPriority { try await daemon.run() }
        } catch let error as SystemCallError {
            let mend = error.code == EADDRINUSE ? "; stop that program, or give another address under listen in \(files.path)" : ""
            throw fail("tokenbroker: \(error)\(mend)", ProgramExit.cannotCreate, environment)
        }
    }

    /// Opens the store and makes the daemon. What the store held is the daemon's alone: this function does not keep it.
    private func daemon(
        _ configuration: BrokerConfiguration, _ environment: [String: String], _ logger: Logger, _ log: LogSwitch, _ output: StandardError,
        _ clocks: SystemClocks
    ) async throws -> Daemon {
        let secrets = SystemSecretSource(environment: environment)
        let store: Result<OpenedStore?, StoreFault>
        var fleetKey: StoreKey?
        do throws(StoreFault) {
            fleetKey = try await OpenedStore.fleetKey(configuration.store, secrets: secrets)
            store = .success(try await OpenedStore.open(configuration.store, environment: environment, secrets: secrets, clocks: clocks))
        } catch {
            if error.kind == .held { throw fail("tokenbroker: \(error)", ProgramExit.cannotCreate, environment) }
            store = .failure(error)
        }
        return Daemon(
            configuration: configuration, path: files.path, logger: logger, log: log, output: output, clocks: clocks, environment: environment,
            store: store, fleetKey: fleetKey
        ) { () throws(StoreFault) in
            try await OpenedStore.open(configuration.store, environment: environment, secrets: secrets, clocks: clocks)
        }
    }

    private func configuration(_ environment: [String: String]) throws -> (BrokerConfiguration, [ConfigurationFault]) {
        do throws(ConfigurationFaults) {
            return try ConfigurationFiles.read(files.path)
        } catch {
            let first = error.faults.first { !$0.isWarning }?.description ?? ""
            let more = error.faults.count { !$0.isWarning } - 1
            let status = "\(first)\(more > 0 ? " (and \(more) more)" : ""); `tokenbroker check` tells when it is right"
            throw fail(error.description, error.isUnreadable ? ProgramExit.noInput : ProgramExit.configuration, environment, status: status)
        }
    }

    /// Says why the daemon does not start, also in the unit's status (systemctl(1), status).
    private func fail(_ text: String, _ code: ExitCode, _ environment: [String: String], status: String? = nil) -> ExitCode {
        explain(text)
        ServiceNotifier(environment: environment)?.send(.status(status ?? text))
        return code
    }

    /// What the first line says: where everything comes from and goes to.
    private static func facts(_ configuration: BrokerConfiguration, _ path: String) -> Logger.Metadata {
        let store =
            switch configuration.store {
            case .automatic: "automatic"
            case .memory: "memory"
            case .sqlite(let path, _): path
            case .etcd(let etcd, _): etcd.endpoints.joined(separator: ", ")
            }
        return [
            "configuration": "\(path)", "store": "\(store)", "tokens": "\(configuration.tokens.count)", "clients": "\(configuration.clients.count)",
        ]
    }

    /// Runs the body at the default priority.
    ///
    /// The main task runs above the default priority, as would every task created under it. libdispatch then requests a better
    /// nice value (setpriority(2)), which is denied to a daemon without capabilities, and libdispatch complains about that. The
    /// result arrives through a stream, since awaiting a task raises it to the priority of the awaiting task.
    private func atDefaultPriority(_ body: @escaping @concurrent @Sendable () async throws -> Void) async throws {
        let (ends, end) = AsyncStream<Result<Void, any Error>>.makeStream()
        Task.detached(priority: .medium) {
            do {
                end.yield(.success(try await body()))
            } catch {
                end.yield(.failure(error))
            }
        }
        for await result in ends { return try result.get() }
    }
}
