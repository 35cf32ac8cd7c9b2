import Broker
import OutboundHTTP
import Secrets
import Store
import Synchronization
import TestSupport
import Testing
import Time
import Tokens

/// The wall clock is set while tokens are in hand.
@Suite struct WallClockTests {
    private static let yaml =
        TestConfiguration.plainProvider + "tokens:\n"
        + ["a", "b", "c"].map { "  \($0): {provider: plain, inputs: {secret: {value: \($0)}}}\n" }.joined()

    private static func bench() -> BrokerBench {
        BrokerBench { request, number, clocks throws(TransportFault) in
            let body = String(decoding: request.body ?? [], as: UTF8.self)
            let life = body.contains("\"a\"") ? 3600 : body.contains("\"b\"") ? 900 : 86_400
            return .make(200, "{\"access_token\":\"token-\(number)\",\"expires_in\":\(life)}", clocks: clocks)
        }
    }

    private static func names(_ bench: BrokerBench) -> [String] {
        bench.transport.requests.map { request in
            let body = String(decoding: request.body ?? [], as: UTF8.self)
            return ["a", "b", "c"].first { body.contains("\"\($0)\"") } ?? "?"
        }
    }

    @Test func `a step forward by more than a minute has every token renewed, the one with the least left first`() async throws {
        let bench = Self.bench()
        try await bench.run(Self.yaml) { broker in
            #expect(await eventually { Self.names(bench).count == 3 && broker.schedule.planned == 3 })
            bench.clocks.stepWall(by: .seconds(61))
            // Each has a millisecond of its own.
            for millisecond in 1...3 {
                #expect(await eventually { bench.clocks.isSlept(until: bench.clocks.nextWake ?? bench.clocks.boot) })
                bench.clocks.advance(by: .milliseconds(1))
                #expect(await eventually { Self.names(bench).count >= 3 + millisecond })
            }
            #expect(Self.names(bench).suffix(3) == ["b", "a", "c"])
        }
    }

    @Test(arguments: [59, -59, -7200]) func `another step renews nothing`(seconds: Int64) async throws {
        let bench = Self.bench()
        try await bench.run(Self.yaml) { broker in
            #expect(await eventually { Self.names(bench).count == 3 && broker.schedule.planned == 3 })
            bench.clocks.stepWall(by: .seconds(seconds))
            bench.clocks.advance(by: .seconds(5))
            await broker.schedule.pulse()
            #expect(Self.names(bench).count == 3)
        }
    }

    @Test func `a clock that was set back makes no token live longer after a boot`() async throws {
        let clocks = FakeClocks()
        let kept = KeptRecords()
        let transport = FakeTransport { _, number throws(TransportFault) in
            .make(200, "{\"access_token\":\"token-\(number)\",\"expires_in\":900}", clocks: clocks)
        }
        let broker = TokenBroker(
            clocks: clocks, transport: transport, secrets: FakeSecrets(), events: RecordedEvents(), identity: HostIdentity(bootID: "one"),
            store: StoreWriter(store: kept, clocks: clocks, events: RecordedEvents()))
        await broker.apply(try TestConfiguration.read(BrokerBench.plain))
        let running = Task { await broker.run() }
        #expect(await eventually { kept.record != nil })
        clocks.stepWall(by: .seconds(-300))
        let set = clocks.wall
        #expect(await eventually { kept.record?.wall == set })
        await broker.stop()
        await running.value
        // The other boot's clock says nothing; the wall clock says that ten minutes have passed.
        let record = try #require(kept.record)
        #expect(
            record.shift(bootID: "two", boot: BootInstant(nanoseconds: 1), wall: set + .seconds(600)).map { record.boot + $0 } == BootInstant(
                nanoseconds: 1) - .seconds(600))
    }
}

/// The record of the only token, as the disk has it.
private final class KeptRecords: TokenStore {
    private let kept = Mutex<StoredToken?>(nil)
    var record: TokenRecord? { kept.withLock { $0 }.flatMap { TokenRecord($0.record, policy: RefreshPolicy()) } }

    func load() async throws(StoreFault) -> [StoredToken] { [] }
    func history(of token: String, limit: Int) async throws(StoreFault) -> [PastLogin] { [] }
    func write(_ changes: StoreChanges) async throws(StoreFault) { if let token = changes.tokens.values.first { kept.withLock { $0 = token } } }
}
