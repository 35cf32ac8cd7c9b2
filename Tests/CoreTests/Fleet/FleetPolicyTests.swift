import Fleet
import Secrets
import TestSupport
import Testing
import Time

@testable import Tokens

/// What a host of a fleet decides.
@Suite struct FleetPolicyTests {
    private static let now = BootInstant(nanoseconds: 5_000_000_000_000)

    private func record(
        token: String? = "t", refreshIn: Duration = .seconds(600), inputs: [UInt8] = [1], tried: [UInt8] = [9], number: Int64 = 0
    ) throws -> TokenRecord {
        var state = TokenState(policy: RefreshPolicy())
        var generator = SeededGenerator(seed: 1)
        if let token {
            var draft = TokenDraft(
                value: Secret(token), expiry: Expiry(origin: .field, lifetime: .seconds(900), stated: nil), sentAt: Self.now,
                sentAtWall: WallTime(seconds: 0))
            draft.type = "Bearer"
            _ = try state.adopt(draft, fingerprint: token, trigger: .schedule, at: Self.now, using: &generator)
            state.renew(at: Self.now + refreshIn)
        }
        var memory = LoginMemory(inputDigest: inputs)
        memory.triedDigest = tried
        memory.number = number
        return TokenRecord(bootID: "b", boot: Self.now, wall: WallTime(seconds: 0), state: state, memory: memory)
    }

    private func suffices(
        _ record: TokenRecord, own: String? = nil, known: BootInstant = now + .seconds(-60), inputs: [[UInt8]] = [[1]],
        trigger: TokenState.Trigger = .schedule
    ) -> Bool {
        FleetPolicy.suffices(
            record, own: FleetPolicy.Own(fingerprint: own, remaining: .seconds(100), isOwn: false, knownLogin: known), inputs: inputs,
            trigger: trigger, at: Self.now)
    }

    @Test func `another host's token makes a login needless while it is not due itself`() throws {
        #expect(try suffices(record()))
        #expect(try suffices(record(), own: "other", trigger: .admin))
        #expect(try !suffices(record(refreshIn: .zero)))
        #expect(try !suffices(record(token: nil)))
        // The one in hand, looked after by another host: enough for the schedule, and not for who wants another one.
        #expect(try suffices(record(), own: "t"))
        #expect(try !suffices(record(), own: "t", trigger: .caller))
        #expect(try !suffices(record(), own: "t", trigger: .admin))
        // As we know it: whoever is due first renews it.
        #expect(try !suffices(record(), own: "t", known: Self.now))
        // Made with secrets that are not ours.
        #expect(try !suffices(record(), inputs: [[2], [3]]))
    }

    @Test func `a rejection or a pause counts for all that use the same secrets`() throws {
        var generator = SeededGenerator(seed: 1)
        func failing(_ failureClass: FailureClass, _ tried: [UInt8] = [9]) throws -> TokenRecord {
            var record = try record(token: nil, tried: tried)
            record.state.failed(LoginFailure(failureClass, "x"), trigger: .schedule, at: Self.now, using: &generator)
            return record
        }
        func forbids(_ record: TokenRecord, _ trigger: TokenState.Trigger = .schedule, after: Duration = .zero) -> Bool {
            FleetPolicy.forbids(record, tried: [9], host: "h1", trigger: trigger, at: Self.now + after)
        }
        func rejected(by hosts: [String]) throws -> TokenRecord {
            var record = try failing(.rejected)
            record.memory.rejectedBy = hosts
            return record
        }
        // One host's rejection may be about its address: this host, or a second one, must have seen it.
        #expect(try !forbids(rejected(by: ["h2"])) && forbids(rejected(by: ["h1"])) && forbids(rejected(by: ["h2", "h3"])))
        #expect(try forbids(failing(.throttled)))
        #expect(try !forbids(rejected(by: ["h1"]), .admin))
        #expect(try !forbids(rejected(by: ["h1"]), after: .seconds(61)))
        #expect(try !forbids(failing(.rejected, [8])))
        #expect(try forbids(failing(.transient)))
        #expect(try !forbids(record()))
    }

    @Test func `of another host's record the token counts, or else its plan, or else its failure`() throws {
        var generator = SeededGenerator(seed: 1)
        var failing = try record(token: "t")
        failing.state.failed(LoginFailure(.transient, "down"), trigger: .schedule, at: Self.now, using: &generator)
        var untrusting = try record(token: "t")
        untrusting.state.failed(LoginFailure(.certificate, "unknown CA"), trigger: .schedule, at: Self.now, using: &generator)
        // Its pause is over.
        var over = failing
        over.state.trouble?.retryAt = Self.now
        var older = try record(token: "older")
        older.state.move(by: .seconds(-60))
        var dead = try record(token: "dead")
        dead.state.move(by: .seconds(-1000))
        let table: [(record: TokenRecord, own: String?, isForced: Bool, tried: [UInt8], expected: String)] = [
            (try record(token: "new"), nil, false, [9], "token new"),
            (try record(token: "new"), "t", true, [9], "token new"),
            (older, "t", false, [9], "nothing"),
            (older, "t", true, [9], "token older"),
            (dead, "t", true, [9], "nothing"),
            (try record(token: "t", refreshIn: .seconds(77)), "t", true, [9], "plan 77"),
            (try record(token: "t"), "t", false, [9], "nothing"),
            (failing, "t", true, [9], "failure transient"),
            (failing, "t", false, [8], "nothing"), (failing, "t", true, [8], "plan 600"), (over, "t", true, [9], "plan 600"),
            (untrusting, "t", false, [9], "nothing"),
            (try record(token: nil), "t", true, [9], "nothing"),
        ]
        for row in table {
            let own = try row.own.map { try record(token: $0).state } ?? TokenState(policy: RefreshPolicy())
            var memory = LoginMemory()
            memory.triedDigest = row.tried
            let takeover = FleetPolicy.takeover(of: row.record, own: own, memory: memory, host: "h1", isForced: row.isForced, at: Self.now)
            #expect(Self.words(takeover) == row.expected)
        }
    }

    private static func words(_ takeover: FleetPolicy.Takeover) -> String {
        switch takeover {
        case .token(let token): "token \(token.fingerprint)"
        case .plan(let refreshAt): "plan \((refreshAt - now).wholeSeconds)"
        case .failure(let trouble): "failure \(trouble.failure.failureClass.rawValue)\(trouble.isLatched ? " latched" : "")"
        case .older: "older"
        case .nothing: "nothing"
        }
    }

    @Test func `the number of a login is its place among those of all hosts`() throws {
        var memory = LoginMemory()
        (memory.number, memory.triedDigest) = (5, [9])
        let own = try record(token: "t").state
        func takeover(_ record: TokenRecord, isForced: Bool = false) -> String {
            Self.words(FleetPolicy.takeover(of: record, own: own, memory: memory, host: "h1", isForced: isForced, at: Self.now))
        }
        var late = try record(token: "other", number: 6)
        late.state.move(by: .seconds(-60))
        // A later login counts though its token was issued earlier by this host's clock, an earlier one never does.
        #expect(takeover(late) == "token other")
        #expect(try takeover(record(token: "other", number: 4)) == "older")
        #expect(try takeover(record(token: "other", number: 4), isForced: true) == "older")
        #expect(try takeover(record(token: "t", refreshIn: .seconds(77), number: 6)) == "plan 77")
        var generator = SeededGenerator(seed: 1)
        for (number, expected) in [(4, "older"), (5, "failure transient"), (6, "failure transient")] as [(Int64, String)] {
            var failing = try record(token: "t", number: number)
            failing.state.failed(LoginFailure(.transient, "down"), trigger: .schedule, at: Self.now, using: &generator)
            #expect(takeover(failing) == expected)
        }
        let knowing = FleetPolicy.Own(fingerprint: nil, remaining: nil, isOwn: false, number: 5)
        for (number, isEnough) in [(4, false), (5, true), (6, true)] as [(Int64, Bool)] {
            let found = try record(number: number)
            #expect(FleetPolicy.suffices(found, own: knowing, inputs: [[1]], trigger: .schedule, at: Self.now) == isEnough)
        }
    }

    @Test(arguments: [
        (["h2"], "failure rejected"), (["h2", "h3"], "failure rejected latched"), (["h1"], "failure rejected latched"), ([], "failure rejected"),
    ])
    func `a latch counts once this host or a second one saw the rejection`(seenBy: [String], expected: String) throws {
        var generator = SeededGenerator(seed: 1)
        var rejected = try record(token: nil)
        for second in [0, 100] {
            rejected.state.failed(LoginFailure(.rejected, "status 401"), trigger: .schedule, at: Self.now + .seconds(second), using: &generator)
        }
        #expect(rejected.state.trouble?.isLatched == true)
        rejected.memory.rejectedBy = seenBy
        var memory = LoginMemory()
        memory.triedDigest = [9]
        let takeover = FleetPolicy.takeover(
            of: rejected, own: TokenState(policy: RefreshPolicy()), memory: memory, host: "h1", isForced: false, draw: 0.5, at: Self.now)
        #expect(Self.words(takeover) == expected)
        if case .failure(let trouble) = takeover, !trouble.isLatched { #expect(trouble.retryAt == Self.now + .milliseconds(2200)) }
        let isForbidden = FleetPolicy.forbids(rejected, tried: [9], host: "h1", trigger: .schedule, at: Self.now)
        #expect(isForbidden == expected.hasSuffix("latched"))
    }

    @Test(arguments: [(40, 5500), (8, 2200), (0, 2200), (4000, 33_000)] as [(Int64, Int64)])
    func `a rejection is confirmed before the token in hand dies`(left: Int64, milliseconds: Int64) throws {
        var generator = SeededGenerator(seed: 1)
        var rejected = try record(token: nil)
        rejected.state.failed(LoginFailure(.rejected, "status 401"), trigger: .schedule, at: Self.now, using: &generator)
        rejected.memory.rejectedBy = ["h2"]
        var memory = LoginMemory()
        memory.triedDigest = [9]
        var own = try record(token: "t").state
        let remaining = try #require(own.token?.remaining(at: Self.now))
        own.move(by: .seconds(left) - remaining)
        let takeover = FleetPolicy.takeover(of: rejected, own: own, memory: memory, host: "h1", isForced: false, draw: 0.5, at: Self.now)
        guard case .failure(let trouble) = takeover else { throw TestFailure("\(takeover)") }
        #expect(trouble.retryAt == Self.now + .milliseconds(milliseconds))
    }

    @Test func `locks end before the margin does, and pauses leave time for a leader`() {
        #expect(FleetPolicy.lockTime(margin: nil) == .milliseconds(7500))
        #expect(FleetPolicy.lockTime(margin: .seconds(7200)) == .seconds(15))
        #expect(FleetPolicy.lockTime(margin: .seconds(1)) == .seconds(2))
        func pause(_ remaining: Duration?, _ draw: Double, _ trigger: TokenState.Trigger = .schedule) -> Duration {
            FleetPolicy.soloPause(remaining: remaining, trigger: trigger, draw: draw)
        }
        #expect(pause(.seconds(300), 0) == .seconds(3) && pause(.seconds(300), 1) == .seconds(150))
        #expect(pause(.seconds(8), 0) == .seconds(2) && pause(.seconds(8), 1) == .seconds(4))
        #expect(pause(nil, 0) == .seconds(3) && pause(nil, 1) == .seconds(10))
        #expect(pause(.seconds(300), 0, .admin) == .milliseconds(500) && pause(.seconds(300), 1, .caller) == .seconds(1))
    }

    @Test func `exclusive credentials are used alone by who used them last`() {
        let (own, shared) = (
            FleetPolicy.Own(fingerprint: "a", remaining: nil, isOwn: true), FleetPolicy.Own(fingerprint: "a", remaining: nil, isOwn: false)
        )
        #expect(FleetPolicy.maySolo(isExclusive: false, own: shared) && FleetPolicy.maySolo(isExclusive: true, own: own))
        #expect(!FleetPolicy.maySolo(isExclusive: true, own: shared))
    }
}
