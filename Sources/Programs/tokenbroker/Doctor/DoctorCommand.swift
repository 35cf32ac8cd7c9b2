import ArgumentParser
import BrokerDaemon
import Configuration
import Diagnosis
import Files
import Glibc
import OutboundHTTP
import Secrets
import Store
import Time
import YAML

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look at everything that a working service needs, and say what to do.",
        discussion: """
            Looks at the configuration, secrets, sockets, unit, clock, store, limits, the running daemon, and each partner's name, port, certificate \
            and clock. Nothing logs in: a partner gets one HEAD request without credentials. As root it reads files as the service's user does. The \
            exit code is 0 where there is no fault, 78 where the configuration or a secret is at fault, else 69.
            """)

    /// The unit's StateDirectory=.
    private static let stateDirectory = "/var/lib/tokenbroker"

    @OptionGroup var files: ConfigurationOption
    @Option(help: ArgumentHelp("Whose rights root's doctor takes on; \(ServiceIdentity.unitUser) where that user exists.", valueName: "name"))
    var user: String?
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if user != nil, !ServiceIdentity.isRoot { throw ValidationError("--user needs root: run it with sudo") }
        if let user, ServiceIdentity(named: user) == nil { throw ValidationError("there is no user \(user) on this host") }
    }

    func run() async throws {
        var list = FindingList(isJSON: json)
        let identity = ServiceIdentity.isRoot ? ServiceIdentity(named: user ?? ServiceIdentity.unitUser) : nil
        let configuration = try read(as: identity, &list)
        var isAtFault = list.count(.fault) > 0
        let (clocks, environment) = (SystemClocks(), environment)
        let transport = CurlTransport(clocks: clocks, userAgent: "tokenbroker/\(Version.current)")
        let unit = await UnitCheck.findings()
        let process = await UnitCheck.process()
        if let configuration {
            list.add(sockets(configuration, identity))
            list.add(unit)
            list.add(await RunningDaemon(configuration, path: files.path, key: Self.key, transport: transport)?.findings() ?? [])
            list.add([MachineCheck.descriptors(configuration.limits, of: process), MachineCheck.inotify(folders: Self.folders(configuration))])
        } else {
            list.add(unit)
        }
        list.add([await MachineCheck.clock()] + rights(identity))
        if let configuration {
            var secrets = CheckedSecrets(environment: environment)
            await secrets.readCredentials(of: configuration.references)
            try identity?.become()
            let before = list.count(.fault)
            list.add(await Self.secrets(configuration, secrets, files.path))
            isAtFault = isAtFault || list.count(.fault) > before
            list.add(await DatabaseCheck.findings(configuration.store, environment: environment, secrets: secrets, transport: transport))
            list.add(await PartnerCheck(transport: transport, clocks: clocks).findings(configuration))
        }
        list.finish()
        if isAtFault { throw ProgramExit.configuration }
        if list.count(.fault) > 0 { throw ProgramExit.unavailable }
    }

    /// The key of TOKENBROKER_KEY_FILE, if there is one.
    private static var key: String? {
        guard let path = ProcessEnvironment.all["TOKENBROKER_KEY_FILE"], let bytes = try? SmallFile(path).bytes(atMost: 4096) else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init)
    }

    /// As the unit has it: without its environment the store's place is not known.
    private var environment: [String: String] {
        var environment = ProcessEnvironment.all
        if environment["STATE_DIRECTORY"] == nil, unsafe access(Self.stateDirectory, F_OK) == 0 {
            environment["STATE_DIRECTORY"] = Self.stateDirectory
        }
        return environment
    }

    private func read(as identity: ServiceIdentity?, _ list: inout FindingList) throws -> BrokerConfiguration? {
        let attempt = try identity.map { try $0.perform { files.attempt() } } ?? files.attempt()
        switch attempt {
        case .failure(let found):
            let mend = "tokenbroker check says when it is right"
            list.add(
                ConfigurationFault.shown(found.faults.filter { !$0.isWarning }.map(\.description)).map {
                    Finding(.fault, "configuration", $0, mend: mend)
                })
            return nil
        case .success(let (configuration, warnings)):
            let facts = "\(files.path): \(Table.count(configuration.tokens.count, "token")), \(Table.count(configuration.clients.count, "client"))"
            list.add([Finding(.ok, "configuration", facts)])
            if let first = warnings.first {
                let more = warnings.count > 1 ? " (and \(warnings.count - 1) more)" : ""
                list.add([Finding(.warning, "configuration", "\(first.plainDescription)\(more)", mend: "tokenbroker check lists all warnings")])
            }
            list.add(Self.permissions(files.path, identity))
            return configuration
        }
    }

    /// As whom files are read.
    private func rights(_ identity: ServiceIdentity?) -> [Finding] {
        guard ServiceIdentity.isRoot, identity == nil else { return [] }
        return [
            Finding(
                .warning, "rights",
                "files are read as root, since there is no user \(ServiceIdentity.unitUser): what the service may not read is not found",
                mend: "tokenbroker doctor --user NAME, with the service's user")
        ]
    }

    /// Who may change the configuration can have the daemon send every secret anywhere.
    private static func permissions(_ path: String, _ identity: ServiceIdentity?) -> [Finding] {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        return [path, folder].compactMap { place in
            var status = stat()
            guard unsafe stat(place, &status) == 0, status.st_mode & S_ISVTX == 0 else { return nil }
            if status.st_uid != 0, status.st_uid != geteuid(), status.st_uid != identity?.user {
                return Finding(
                    .fault, "permissions",
                    "\(place): belongs to user \(UserName.of(status.st_uid)), who can change it, and so send secrets to any host",
                    mend: "chown root \(place)")
            }
            guard status.st_mode & 0o022 != 0 else { return nil }
            return Finding(
                .fault, "permissions",
                "\(place): mode \(String(status.st_mode & 0o777, radix: 8)): others than its owner can change it, and so send secrets to any host",
                mend: "chmod go-w \(place)")
        }
    }

    private func sockets(_ configuration: BrokerConfiguration, _ identity: ServiceIdentity?) -> [Finding] {
        let check = ListenerCheck(
            configuration.listeners, credentials: configuration.openCredentialSocket, service: identity?.name ?? ServiceIdentity.unitUser)
        let faults = check.faults.map { Finding(.fault, "sockets", $0, mend: "tokenbroker serve cannot start until then") }
        let notes = check.notes.map { Finding(.ok, "sockets", $0) }
        return faults.isEmpty && notes.isEmpty ? [Finding(.ok, "sockets", "nobody holds the addresses of the configuration")] : faults + notes
    }

    private static func secrets(_ configuration: BrokerConfiguration, _ secrets: CheckedSecrets, _ path: String) async -> [Finding] {
        let results = await LoginChecker(configuration, secrets: secrets, place: ConfigurationFiles.places(in: path)).checkSecrets()
        let bad = results.filter { !$0.isGood }
        guard !bad.isEmpty else {
            return [Finding(.ok, "secrets", "those of \(Table.count(results.count, "token")) can be read and used where they go")]
        }
        return bad.flatMap { result in
            result.lines.map {
                Finding(.fault, "secrets", "\(result.token): \($0)", mend: "tokenbroker check says when it is right")
            }
        }
    }

    /// The folders in which the daemon watches files.
    private static func folders(_ configuration: BrokerConfiguration) -> Int {
        let files = configuration.tokens.reduce(into: Set<String>()) { $0.formUnion($1.files) }
        return Set(files.map { $0[..<($0.lastIndex(of: "/") ?? $0.startIndex)] }).count
    }
}
