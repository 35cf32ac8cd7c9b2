import Broker
import OutboundHTTP
import Secrets
import Store
import Synchronization
import TestSupport
import Testing
import Tokens
import YAML

/// A strict partner: each refresh gives another refresh token, and the first use of that one ends the one before.
private final class RotatingPartner: Sendable {
    private struct Ledger {
        var predecessor = ["first": ""]
        var dead: Set<String> = []
        var issued = 0
    }
    private let ledger = Mutex(Ledger())

    /// The answer's body; nil: locked out.
    func redeem(_ token: String) -> String? {
        ledger.withLock { ledger in
            guard let before = ledger.predecessor[token], !ledger.dead.contains(token) else { return nil }
            if !before.isEmpty { ledger.dead.insert(before) }
            ledger.issued += 1
            ledger.predecessor["r\(ledger.issued)"] = token
            return #"{"access_token":"a\#(ledger.issued)","refresh_token":"r\#(ledger.issued)","expires_in":3600}"#
        }
    }
}

/// What a disk holds; a write can be held back for ever, as by a crash before it.
private final class FakeDisk: TokenStore {
    private let content = Mutex<[RecordName: StoredToken]>([:])
    private let isHeld = Mutex(false)
    let begun = Valve()

    init(_ content: [RecordName: StoredToken] = [:]) { self.content.withLock { $0 = content } }

    var now: [RecordName: StoredToken] { content.withLock { $0 } }
    func hold() { isHeld.withLock { $0 = true } }

    func load() async throws(StoreFault) -> [StoredToken] { Array(now.values) }
    func history(of token: String, limit: Int) async throws(StoreFault) -> [PastLogin] { [] }

    func write(_ changes: StoreChanges) async throws(StoreFault) {
        if isHeld.withLock({ $0 }) {
            // A crash: nothing of it lands, and nobody hears of it.
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                Self.lost.withLock { $0.append(continuation) }
                begun.open()
            }
            return
        }
        content.withLock { $0.merge(changes.tokens) { $1 } }
    }

    private static let lost = Mutex<[CheckedContinuation<Void, Never>]>([])
    static func letGo() {
        let waiting = lost.withLock { lost in
            defer { lost = [] }
            return lost
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Rotating refresh tokens (RFC 6749 §6) and alternatives of a secret.
@Suite(.serialized) struct RotationTests {
    private static let yaml = """
        providers:
          - provider: rotating
            inputs: {first: {secret: true}}
            login:
              - {method: POST, url: "https://partner.example/token", form: {refresh_token: "{first}"}}
            token:
              from: {json: /access_token}
              refresh_token: {json: /refresh_token}
              expires: [{json: /expires_in, unit: seconds}]
            refresh_request: {method: POST, url: "https://partner.example/token", form: {refresh_token: "{refresh_token}"}}
        tokens:
          a: {provider: rotating, inputs: {first: {value: first}}}

        """

    /// One life of a daemon: from what the disk holds, until the body ends.
    private static func live(
        _ disk: FakeDisk, _ partner: RotatingPartner, clocks: FakeClocks, losesAnswers: Bool = false,
        _ body: (TokenBroker, TokenKeeper) async throws -> Void
    ) async throws {
        let events = RecordedEvents()
        let transport = FakeTransport { request, _ throws(TransportFault) in
            let token = String(String(decoding: request.body ?? [], as: UTF8.self).dropFirst("refresh_token=".count))
            guard let body = partner.redeem(token) else { return PartnerReply.make(400, #"{"error":"invalid_grant"}"#, clocks: clocks) }
            if losesAnswers { throw TransportFault(.unreachable, "cut") }
            return PartnerReply.make(200, body, clocks: clocks)
        }
        let broker = TokenBroker(
            clocks: clocks, transport: transport, secrets: FakeSecrets(), events: events, identity: HostIdentity(bootID: "one"),
            store: StoreWriter(store: disk, clocks: clocks, events: events), restored: Array(disk.now.values))
        await broker.apply(try TestConfiguration.read(yaml))
        async let running: Void = broker.run()
        let keeper = try #require(try await broker.keeper("a", perRequest: [:]))
        try await body(broker, keeper)
        FakeDisk.letGo()
        await broker.stop()
        await running
    }

    @Test func `a person's login counts right after an operator's refresh`() async throws {
        let partner = RotatingPartner()
        try await Self.live(FakeDisk(), partner, clocks: FakeClocks()) { _, keeper in
            _ = try await keeper.refresh(asAdmin: true, wait: .seconds(5))
            let held = try await Self.token(keeper)
            await #expect(throws: TokenRefusal.self) { try await keeper.refresh(asAdmin: true, wait: .seconds(5)) }
            let next = try #require(partner.redeem("first"))
            let status = try await keeper.take(refreshToken: Secret("r\(next.contains("r3") ? 3 : 2)"), wait: .seconds(5))
            #expect(status.lastFailure == nil)
            #expect(try await Self.token(keeper) != held)
        }
    }

    private static func token(_ keeper: TokenKeeper) async throws -> String {
        try await keeper.token(wait: .seconds(5)).value.exposedText
    }

    @Test func `whatever is lost in a crash, the next life can refresh`() async throws {
        let partner = RotatingPartner()
        let clocks = FakeClocks()
        var disk = FakeDisk()
        try await Self.live(disk, partner, clocks: clocks) { _, keeper in
            let value1 = try await Self.token(keeper)
            #expect(value1 == "a1")
        }
        for crash in [0, 1, 2, 1, 1, 0, 2, 2, 0, 1] {
            disk = FakeDisk(disk.now)
            clocks.advance(by: .seconds(20))
            switch crash {
            case 0:  // The partner has answered, and the answer never came.
                try await Self.live(disk, partner, clocks: clocks, losesAnswers: true) { _, keeper in
                    _ = try? await keeper.refresh(asAdmin: true, wait: .seconds(5))
                    let status = await keeper.status()
                    #expect(status.lastFailure?.failureClass == .transient)
                }
            case 1:  // The answer came, and is not on disk: nobody is served what it brought.
                try await Self.live(disk, partner, clocks: clocks) { _, keeper in
                    let before = try await Self.token(keeper)
                    disk.hold()
                    async let refreshed = keeper.refresh(asAdmin: true, wait: .seconds(5))
                    await disk.begun.pass()
                    let value2 = try await Self.token(keeper)
                    #expect(value2 == before)
                    #expect(keeper.cell.current?.token.value.exposedText == before)
                    FakeDisk.letGo()
                    _ = try? await refreshed
                }
            default:  // It is on disk, and the end comes then.
                try await Self.live(disk, partner, clocks: clocks) { _, keeper in
                    let before = try await Self.token(keeper)
                    _ = try await keeper.refresh(asAdmin: true, wait: .seconds(5))
                    let value3 = try await Self.token(keeper)
                    #expect(value3 != before)
                }
            }
        }
        clocks.advance(by: .seconds(20))
        try await Self.live(FakeDisk(disk.now), partner, clocks: clocks) { _, keeper in
            let value4 = try await keeper.refresh(asAdmin: true, wait: .seconds(5)).lastFailure
            #expect(value4 == nil)
        }
    }

    @Test func `a stop lets a refresh end, and a definition that changed keeps the refresh token`() async throws {
        let partner = RotatingPartner()
        let clocks = FakeClocks()
        let disk = FakeDisk()
        try await Self.live(disk, partner, clocks: clocks) { broker, keeper in
            let value5 = try await Self.token(keeper)
            #expect(value5 == "a1")
            await broker.apply(try TestConfiguration.read(Self.yaml.replacing("unit: seconds", with: "unit: minutes")))
            let value6 = try await keeper.token(otherThan: [keeper.cell.current?.token.fingerprint ?? ""], wait: .seconds(5)).value.exposedText
            #expect(value6 == "a2")
        }
        // The next life has the definition as it was: another login, the same account.
        try await Self.live(FakeDisk(disk.now), partner, clocks: clocks) { _, keeper in
            let value7 = try await Self.token(keeper)
            #expect(value7 == "a3")
        }
    }

    @Test func `alternatives are tried in turn on a rejection, the one that worked first`() async throws {
        let good = Mutex("old")
        let bench = BrokerBench { request, _, clocks throws(TransportFault) in
            let isGood = String(decoding: request.body ?? [], as: UTF8.self).contains(good.withLock { $0 })
            return isGood
                ? .make(200, #"{"access_token":"t","expires_in":3600}"#, clocks: clocks) : .make(401, "{}", clocks: clocks)
        }
        let yaml =
            TestConfiguration.plainProvider + "tokens:\n  a: {provider: plain, inputs: {secret: [{file: /none}, {value: new}, {value: old}]}}\n"
        let sent = { bench.transport.requests.map { String(decoding: $0.body ?? [], as: UTF8.self).contains("new") ? "new" : "old" } }
        try await bench.run(yaml) { _ in
            let keeper = try await bench.keeper()
            _ = try await keeper.token(wait: .seconds(5))
            #expect(sent() == ["new", "old"])
            _ = try await keeper.refresh(asAdmin: true, wait: .seconds(5))
            #expect(sent() == ["new", "old", "old"])
            good.withLock { $0 = "new" }
            bench.clocks.advance(by: .seconds(20))
            _ = try await keeper.refresh(asAdmin: true, wait: .seconds(5))
            #expect(sent() == ["new", "old", "old", "old", "new"])
        }
    }

    @Test func `a refresh request says what it needs`() throws {
        #expect(throws: ConfigurationFaults.self) {
            try TestConfiguration.read(Self.yaml.replacing("      refresh_token: {json: /refresh_token}\n", with: ""))
        }
        #expect(throws: ConfigurationFaults.self) { try TestConfiguration.read(Self.yaml.replacing("\"{refresh_token}\"", with: "\"{refresh}\"")) }
        #expect(throws: ConfigurationFaults.self) { try TestConfiguration.read(Self.yaml.replacing("first: {value: first}", with: "first: []")) }
    }
}
