import TestSupport
import Testing
import Time
import Tokens

/// Callers' reports that the partner refused the token in hand.
@Suite struct TokenReportTests {
    private func held(_ lifetime: Double) throws -> LifeSimulation {
        var life = LifeSimulation()
        var generator = SeededGenerator(seed: 1)
        let draft = LifeSimulation.draft("a", lifetime: .seconds(lifetime), at: life.now, wall: life.wall)
        _ = try life.state.adopt(draft, fingerprint: "aaaaaaaaaaaa", trigger: .schedule, at: life.now, using: &generator)
        return life
    }

    @Test func `a report about the token in hand is acted on, any other is not`() throws {
        var life = try held(900)
        #expect(life.state.accepts(reportOf: "bbbbbbbbbbbb", status: 401, at: life.now) == .alreadyReplaced)
        for status in [200, 404, 500] { #expect(life.state.accepts(reportOf: "aaaaaaaaaaaa", status: status, at: life.now) == .ignored) }
        for status in [400, 401, 403, 419, 498] { #expect(life.state.accepts(reportOf: "aaaaaaaaaaaa", status: status, at: life.now) == nil) }
        let outcome = life.state.reported(at: life.now)
        #expect(outcome == .refreshing)
        #expect(life.state.next(at: life.now) == .login(.caller))
        #expect(life.state.accepts(reportOf: "aaaaaaaaaaaa", status: 401, at: life.now) == .refreshing)
    }

    @Test(arguments: [(401, 900.0, 90.0), (419, 900, 90), (498, 60, 60), (403, 900, 450), (400, 900, 450)])
    func `reports are believed so often at most`(status: Int, lifetime: Double, pause: Double) throws {
        var life = try held(lifetime)
        #expect(life.state.isCredible(status, from: "a", isExclusive: false, at: life.now))
        _ = life.state.reported(from: "a", at: life.now)
        #expect(!life.state.isCredible(status, from: "a", isExclusive: false, at: life.now + .seconds(pause - 1)))
        #expect(life.state.isCredible(status, from: "a", isExclusive: false, at: life.now + .seconds(pause)))
        // Another caller's report about the next token has its own chance, a minute later.
        #expect(life.state.isCredible(401, from: "b", isExclusive: false, at: life.now + .seconds(60)))
    }

    @Test func `what may be about something else never spends the last of the callers' share`() throws {
        var life = try held(900)
        #expect(
            !life.state.isCredible(403, from: "a", isExclusive: true, at: life.now)
                && life.state.isCredible(401, from: "a", isExclusive: true, at: life.now))
        var spent = 0
        while life.state.isCredible(403, from: "a", isExclusive: false, at: life.now) {
            life.state.loginBegan(.caller, at: life.now)
            spent += 1
        }
        #expect(spent >= 1 && life.state.isCredible(401, from: "a", isExclusive: false, at: life.now))
        let isLeft = life.state.requestRefresh(at: life.now)
        #expect(isLeft)
    }

    @Test func `one caller's reports use up nobody else's chance`() throws {
        var life = try held(900)
        var acted = 0
        // A program that reports every token it gets, every ten minutes.
        while life.state.isCredible(401, from: "sloppy", isExclusive: false, at: life.now), acted < 100 {
            life.state.loginBegan(.caller, at: life.now)
            _ = life.state.reported(from: "sloppy", at: life.now)
            life.now = life.now + .seconds(600)
            acted += 1
        }
        #expect(acted == 3)
        #expect(life.state.isCredible(401, from: "careful", isExclusive: false, at: life.now))
        let isLeft = life.state.requestRefresh(at: life.now)
        #expect(isLeft)
        life.now = life.now + .seconds(3600)
        #expect(life.state.isCredible(401, from: "sloppy", isExclusive: false, at: life.now))
    }

    @Test func `the partner is asked about a token once a second`() throws {
        var life = try held(900)
        #expect(life.state.mayVerify(at: life.now))
        life.state.noteCheck(at: life.now)
        #expect(!life.state.mayVerify(at: life.now + .milliseconds(999)) && life.state.mayVerify(at: life.now + .seconds(1)))
    }
}
