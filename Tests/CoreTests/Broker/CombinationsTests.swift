import OutboundHTTP
import Secrets
import Store
import Synchronization
import TestSupport
import Testing
import Time
import Tokens

@testable import Broker

/// Combinations of per-request inputs: whose is whose, and who gives way.
@Suite struct CombinationsTests {
    private static func yaml(limit: Int) -> String {
        """
        providers:
          - provider: tenants
            inputs: {tenant_id: {}}
            login:
              - {method: GET, url: "https://partner.example/{tenant_id}"}
            token: {from: {json: /token}, expires: [{after: 15m}]}
        tokens:
          z:
            provider: tenants
            per_request: {tenant_id: {pattern: ".+"}}
            limit: \(limit)
        """
    }

    private static func bench() -> BrokerBench {
        BrokerBench { _, number, clocks throws(TransportFault) in
            .make(200, "{\"token\":\"token-\(number)\"}", clocks: clocks)
        }
    }

    private static func fingerprint(_ broker: TokenBroker, _ tenant: String, _ owner: CombinationOwner? = nil) async throws -> String {
        let keeper = try #require(try await broker.keeper("z", perRequest: ["tenant_id": tenant], for: owner))
        return try await keeper.token(wait: .seconds(5)).fingerprint
    }

    @Test func `each has its own token, and the least recently used gives way at the limit`() async throws {
        let bench = Self.bench()
        try await bench.run(Self.yaml(limit: 2)) { broker in
            let a = try await Self.fingerprint(broker, "a")
            let b = try await Self.fingerprint(broker, "b")
            let again = try await Self.fingerprint(broker, "a")
            #expect(a == again && a != b)
            _ = try await Self.fingerprint(broker, "c")
            let kept = try await Self.fingerprint(broker, "a")
            #expect(kept == a && bench.transport.requests.count == 3)
            let anew = try await Self.fingerprint(broker, "b")
            #expect(anew != b && bench.transport.requests.count == 4)
        }
    }

    /// Found by the simulation: the pause was forgotten with the combination that nobody asked for, and the next caller logged in within it.
    @Test func `a combination that nobody asks for stays for as long as the partner's pause`() async throws {
        let bench = BrokerBench { _, _, clocks throws(TransportFault) in .make(429, "busy", fields: [("Retry-After", "7200")], clocks: clocks) }
        try await bench.run(Self.yaml(limit: 2)) { broker in
            let keeper = try #require(try await broker.keeper("z", perRequest: ["tenant_id": "a"]))
            await #expect(throws: TokenRefusal.self) { try await keeper.token(wait: .seconds(5)) }
            bench.clocks.advance(by: .seconds(6000))
            await keeper.turn()
            #expect(!keeper.hasEnded)
            bench.clocks.advance(by: .seconds(3000))
            await keeper.turn()
            #expect(keeper.hasEnded && bench.transport.requests.count == 1)
        }
    }

    @Test func `a pause goes on for a combination that gave way to others`() async throws {
        let bench = BrokerBench { _, _, clocks throws(TransportFault) in .make(503, "busy", fields: [("Retry-After", "600")], clocks: clocks) }
        try await bench.run(Self.yaml(limit: 1)) { broker in
            for tenant in ["a", "b", "a", "b", "a"] {
                let keeper = try #require(try await broker.keeper("z", perRequest: ["tenant_id": tenant]))
                await #expect(throws: TokenRefusal.self) { try await keeper.token(wait: .zero) }
                await keeper.finish()
            }
            #expect(bench.transport.requests.count <= 2)
        }
    }

    @Test(arguments: [("caf\u{E9}", "cafe\u{301}"), ("K1", "\u{212A}1"), ("\u{C5}", "\u{212B}"), ("a\u{323}\u{307}", "a\u{307}\u{323}")])
    func `texts that Unicode calls equivalent are two tenants`(one: String, other: String) async throws {
        #expect(one == other)
        let bench = Self.bench()
        try await bench.run(Self.yaml(limit: 10)) { broker in
            let first = try await Self.fingerprint(broker, one)
            let second = try await Self.fingerprint(broker, other)
            #expect(first != second)
            let again = try await Self.fingerprint(broker, one)
            #expect(again == first)
        }
    }

    @Test func `nobody's junk keeps another from a new combination, or takes one away`() async throws {
        let bench = Self.bench()
        let (junk, good) = (CombinationOwner(name: "junk", share: 3), CombinationOwner(name: "good", share: 3))
        try await bench.run(Self.yaml(limit: 6)) { broker in
            let first = try await Self.fingerprint(broker, "good-1", good)
            for number in 1...99 { _ = try await Self.fingerprint(broker, "junk-\(number)", junk) }
            let second = try await Self.fingerprint(broker, "good-2", good)
            for number in 100...120 { _ = try await Self.fingerprint(broker, "junk-\(number)", junk) }
            let kept = [try await Self.fingerprint(broker, "good-1", good), try await Self.fingerprint(broker, "good-2", good)]
            #expect(kept == [first, second])
            let statuses = await broker.statuses()
            #expect(statuses.count == 5 && statuses.count { $0.inputs["tenant_id"]?.hasPrefix("junk") == true } == 3)
        }
    }

    private static func cell(_ broker: TokenBroker, _ tenant: String) -> TokenCell? {
        broker.board.combinations(of: "z")?.cell(RecordName("z", ["tenant_id": tenant]))
    }

    @Test func `what event loops serve counts as used, and gives way like others`() async throws {
        let bench = Self.bench()
        try await bench.run(Self.yaml(limit: 2)) { broker in
            let a = try await Self.fingerprint(broker, "a")
            _ = try await Self.fingerprint(broker, "b")
            let (used, rested) = (try #require(Self.cell(broker, "a")), try #require(Self.cell(broker, "b")))
            used.lastAsked.store(bench.clocks.boot.nanoseconds / 1_000_000_000 + 1, ordering: .relaxed)
            _ = try await Self.fingerprint(broker, "c")
            #expect(Self.cell(broker, "b") == nil && rested.current == nil)
            #expect(used.current != nil)
            let kept = try await Self.fingerprint(broker, "a")
            #expect(kept == a && bench.transport.requests.count == 3)
        }
    }

    @Test func `a thousand new combinations give way one after another`() async throws {
        let bench = Self.bench()
        try await bench.run(Self.yaml(limit: 10)) { broker in
            for number in 1...1000 { _ = try await broker.keeper("z", perRequest: ["tenant_id": "t\(number)"]) }
            let kept = (1...1000).filter { Self.cell(broker, "t\($0)") != nil }
            #expect(kept == Array(991...1000))
        }
    }
}
