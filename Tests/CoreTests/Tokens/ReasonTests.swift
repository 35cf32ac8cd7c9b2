import TestSupport
import Testing
import Time
import Tokens

/// Why the next login is when it is, in words.
@Suite struct ReasonTests {
    private func held(_ lifetime: Int64, _ policy: RefreshPolicy = RefreshPolicy()) throws -> LifeSimulation {
        var life = LifeSimulation(policy)
        var generator = SeededGenerator(seed: 1)
        let draft = LifeSimulation.draft("a", lifetime: .seconds(lifetime), at: life.now, wall: life.wall)
        _ = try life.state.adopt(draft, fingerprint: "f", trigger: .schedule, at: life.now, using: &generator)
        return life
    }

    private func reason(_ life: LifeSimulation, isLoggingIn: Bool = false, after: Duration = .zero) -> String {
        life.state.reasonOfNext(for: "a", isLoggingIn: isLoggingIn, at: life.now + after)
    }

    @Test func `a token in hand is renewed by its margin`() throws {
        #expect(try reason(held(900)).hasPrefix("5 min before it expires, and "))
        var policy = RefreshPolicy()
        policy.jitter = 0
        #expect(try reason(held(900, policy)) == "5 min before it expires")
        #expect(try reason(held(900), isLoggingIn: true) == "a login is running")
        #expect(reason(LifeSimulation()) == "there is no token yet")
    }

    @Test(arguments: [
        (LoginFailure(.transient, "down", status: 503), 1, "the last login failed"),
        (LoginFailure(.transient, "down", status: 503), 3, "3 logins in a row failed, and the pauses grow with each"),
        (LoginFailure(.throttled, "status 429", status: 429), 1, "the partner asked for a pause"),
        (LoginFailure(.waiting, "zapper has no token"), 1, "the login waits: zapper has no token"),
        (LoginFailure(.rejected, "status 401", status: 401), 2, "the partner refused the credentials; tried rarely until they change"),
    ])
    func `a failure says which`(failure: LoginFailure, times: Int, words: String) throws {
        var life = LifeSimulation()
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<times { life.state.failed(failure, trigger: .schedule, at: life.now, using: &generator) }
        #expect(reason(life) == words)
    }

    @Test func `credentials that are never tried again, and a login that a person makes`() throws {
        var policy = RefreshPolicy()
        policy.latchedRetry = .never
        var life = LifeSimulation(policy)
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2 { life.state.failed(LoginFailure(.rejected, "no", status: 401), trigger: .schedule, at: life.now, using: &generator) }
        #expect(reason(life) == "the partner refused the credentials; no login until they change")
        var failure = LoginFailure(.rejected, "a person must log in")
        failure.waitsForPerson = true
        life = try held(900)
        life.state.failed(failure, trigger: .schedule, at: life.now, using: &generator)
        #expect(reason(life) == "a person must log in: tokenbroker login a")
    }

    @Test func `wishes, holds, idleness and the budget`() throws {
        var life = try held(900)
        _ = life.state.requestRefresh(at: life.now)
        #expect(reason(life) == "a caller asked for a login")
        var policy = RefreshPolicy()
        policy.idleAfter = .seconds(60)
        let idle = try held(900, policy)
        #expect(reason(idle, after: .seconds(1)) == "nobody asked for it for 1 min; the next request logs in")
        life = try held(900)
        var generator = SeededGenerator(seed: 2)
        for number in 0..<life.state.budgetCap {
            let draft = LifeSimulation.draft("b\(number)", lifetime: .seconds(900), at: life.now, wall: life.wall)
            _ = try life.state.adopt(draft, fingerprint: "f\(number)", trigger: .schedule, at: life.now, using: &generator)
        }
        #expect(reason(life, after: .seconds(800)) == "the budget of \(life.state.budgetCap) logins an hour is used up; a place in it is free then")
    }
}
