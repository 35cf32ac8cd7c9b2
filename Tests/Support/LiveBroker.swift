import API
package import Broker
import Configuration
package import JSON
import LocalHTTP
import Logging
import Observability
import OutboundHTTP
package import PartnerSandbox
import Secrets
import Synchronization
import Time

/// A broker on a real socket over the sandbox partners, in this process: everything but the daemon's own main loop.
package final class LiveBroker: Sendable {
    package let sandbox: SandboxServer
    package let broker: TokenBroker
    package let log: CapturedLog
    private let server: HTTPServer
    private let pending = PendingAnswers()
    private let board: ServingBoard
    private let read: @Sendable ((String) -> String) throws -> BrokerConfiguration
    /// How many answers wait.
    package var waiting: Int { pending.count }
    private let transport: CurlTransport
    private let tasks = Mutex<[Task<Void, Never>]>([])
    package let address: String

    package static let key = "test-key"

    /// The shipped configuration on this sandbox, changed as the test wants.
    package init(_ change: (String) -> String = { $0 }, before: (SandboxServer) -> Void = { _ in }) async throws {
        sandbox = try SandboxServer()
        before(sandbox)
        let shipped = try TestFiles.text("config/config.yaml").replacing("http://127.0.0.1:8700", with: sandbox.url)
        let digest = Digest.hex(Digest.sha256(Array(Self.key.utf8)))
        let keyed = shipped.replacing("2a97516c354b68848cdbd8f54a226a0a55b21ed138e207ad6c5cbb9c00aa5aea", with: digest)
        let shape = change(keyed)
        read = { try TestConfiguration.read($0(shape)) }
        let configuration = try read { $0 }
        let clocks = SystemClocks()
        log = CapturedLog()
        let output = StandardError { [log] in log.append($0) }
        let metrics = Metrics(output: output, version: "1.2.3", clocks: clocks)
        transport = CurlTransport(clocks: clocks, userAgent: "tokenbroker/test")
        broker = TokenBroker(
            clocks: clocks, transport: transport, secrets: SystemSecretSource(environment: [:]),
            events: EventFan([EventLog(log.logger), metrics.events, metrics.hours]))
        await broker.apply(configuration)
        let board = ServingBoard(Serving(configuration, cells: Array(broker.board.all.values)))
        self.board = board
        let api = BrokerAPI(broker: broker, board: board, clocks: clocks, metrics: metrics) { .refused(faults: ["config.yaml:1:1: test"]) }
        let (pending, requestIDs) = (pending, RequestIDs())
        let audit = AuditLog(LogSwitch(isJournal: false, clocks: clocks), output: output)
        let ledger = RequestLedger(metrics: metrics.requests, audit: audit, clocks: clocks)
        server = try HTTPServer([Listener(.loopback4(host: [127, 0, 0, 1], port: 0))], limits: .usual) {
            BrokerHandler(board: board, api: api, pending: pending, requestIDs: requestIDs, ledger: ledger)
        }
        address = server.addresses[0].description
        board.observe { [server] in server.wake() }
        let broker = broker
        tasks.withLock { $0 = [Task { await broker.run() }, Task { await pending.run() }] }
    }

    /// Applies the configuration, changed once more.
    package func reload(_ change: (String) -> String) async throws {
        let configuration = try read(change)
        await broker.apply(configuration)
        board.replace(Serving(configuration, cells: Array(broker.board.all.values), previous: board.serving))
    }

    package func stop() async {
        await broker.stop()
        pending.finish()
        server.stop()
        transport.stop()
    }

    /// One request on a connection of its own.
    package func ask(_ method: String, _ target: String, key: String? = LiveBroker.key, headers: String = "", body: String? = nil) async throws
        -> RawClient.Answer
    {
        let address = address
        let authorization = key.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        let length = body.map { "Content-Length: \($0.utf8.count)\r\n" } ?? ""
        let message = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n\(authorization)\(headers)\(length)\r\n\(body ?? "")"
        return try await blocking {
            guard let client = RawClient(address: address) else { throw TestFailure("no connection") }
            client.send(message)
            guard let answer = client.receive(omitsBody: method == "HEAD") else { throw TestFailure("no answer to \(message)") }
            return answer
        }
    }

    package static func with(
        _ change: (String) -> String = { $0 }, before: (SandboxServer) -> Void = { _ in }, _ body: (LiveBroker) async throws -> Void
    )
        async throws
    {
        let live = try await LiveBroker(change, before: before)
        do { try await body(live) } catch {
            await live.stop()
            throw error
        }
        await live.stop()
    }
}

extension RawClient.Answer {
    package var json: JSONValue { JSONValue(parsing: body) ?? .null }
    package var slug: String? { json["type"]?.text?.split(separator: "/").last.map(String.init) }
}
