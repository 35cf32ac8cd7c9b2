import Configuration
import Secrets
import Store
import TestSupport
import Testing
import Time
import Tokens

@testable import Broker

/// What a store held at start.
@Suite struct RestorationTests {
    private let clocks = FakeClocks()
    private let token = try? TestConfiguration.read(BrokerBench.plain).tokens.first

    private func stored(login: [UInt8]? = nil, refreshTokens: [Secret] = [], bootID: String = "one", wallAhead: Duration = .zero) throws
        -> StoredToken
    {
        let token = try #require(token)
        var state = TokenState(policy: token.refresh)
        var generator = SeededGenerator(seed: 1)
        let draft = LifeSimulation.draft("t", lifetime: .seconds(900), at: clocks.boot, wall: clocks.wall)
        _ = try state.adopt(draft, fingerprint: "f", trigger: .schedule, at: clocks.boot, using: &generator)
        var memory = LoginMemory(inputDigest: [1])
        memory.refreshTokens = refreshTokens
        let record = TokenRecord(bootID: bootID, boot: clocks.boot, wall: clocks.wall + wallAhead, state: state, memory: memory)
        return StoredToken(name: RecordName("a"), login: login ?? token.loginDigest, record: record.bytes)
    }

    private func take(_ stored: StoredToken) throws -> TokenRecord? {
        var restoration = Restoration([stored], identity: HostIdentity(bootID: "one"))
        let record = restoration.take(RecordName("a"), for: try #require(token), clocks: clocks)
        #expect(restoration.take(RecordName("a"), for: try #require(token), clocks: clocks) == nil)
        return record
    }

    @Test func `a record of the same login comes back, on this boot's clock`() throws {
        #expect(try take(stored())?.state.token?.remaining(at: clocks.boot) == .seconds(900))
        let kept = try stored(bootID: "another")
        clocks.stepWall(by: .seconds(100))
        #expect(try take(kept)?.state.token?.remaining(at: clocks.boot) == .seconds(800))
    }

    @Test func `another login's record is void, but for its refresh tokens`() throws {
        #expect(try take(stored(login: [9])) == nil)
        let record = try take(stored(login: [9], refreshTokens: [Secret("r")]))
        #expect(record?.state.token == nil && record?.memory.refreshTokens == [Secret("r")])
    }

    @Test func `a record from the future of another boot is void`() throws {
        #expect(try take(stored(bootID: "another", wallAhead: .seconds(1))) == nil)
    }

    @Test func `what is not configured is forgotten by name`() throws {
        var restoration = Restoration([try stored()], identity: HostIdentity(bootID: "one"))
        #expect(restoration.drop(allBut: ["a"]).isEmpty)
        #expect(restoration.drop(allBut: ["b"]) == [RecordName("a")])
        #expect(restoration.take(RecordName("a"), for: try #require(token), clocks: clocks) == nil)
    }
}
