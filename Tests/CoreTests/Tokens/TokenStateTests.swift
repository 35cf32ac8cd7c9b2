import TestSupport
import Testing
import Time
import Tokens

@Suite struct TokenStateTests {
    @Test(arguments: [(5, 25_900...27_300), (60, 2160...2280), (300, 432...460), (900, 144...153), (86_400, 2...2)])
    func `a day of renewals is as many logins as the margin says, without a gap`(lifetime: Int, logins: ClosedRange<Int>) {
        var life = LifeSimulation()
        let start = life.now
        life.run(until: start + .seconds(86_400)) { attempt, now in
            .success(LifeSimulation.draft("t\(attempt)", lifetime: .seconds(lifetime), at: now, wall: WallTime(seconds: 0)))
        }
        #expect(logins.contains(life.attempts.count), "\(life.attempts.count)")
        #expect(life.gaps == 0)
        let shortest = Double(lifetime) * 2 / 3 - min(Double(lifetime) / 3, 7200) * 0.1
        #expect(life.pauses.allSatisfy { $0 >= min(shortest, Double(lifetime) - 7920) || $0 >= shortest - 0.01 })
    }

    @Test func `rejected credentials are tried again after a minute, then every six hours`() {
        var life = LifeSimulation()
        life.run(until: life.now + .seconds(86_400)) { _, _ in .failure(LoginFailure(.rejected, "status 401", status: 401)) }
        #expect(life.state.trouble?.isLatched == true)
        #expect(life.pauses.map { Int($0) } == [60, 21_600, 21_600, 21_600])
    }

    @Test func `a partner that alternates between 401 and 503 is latched all the same`() {
        var life = LifeSimulation()
        life.run(until: life.now + .seconds(86_400)) { attempt, _ in
            .failure(attempt % 2 == 1 ? LoginFailure(.rejected, "no", status: 401) : LoginFailure(.transient, "down", status: 503))
        }
        #expect(life.state.trouble?.isLatched == true)
        #expect(life.attempts.count <= 7)
        #expect(life.pauses.suffix(3).allSatisfy { $0 == 21_600 })
    }

    @Test func `a pause of nothing is no pause, and a pause without end is a day`() throws {
        var life = LifeSimulation()
        life.run(until: life.now + .seconds(3600)) { _, _ in
            var failure = LoginFailure(.throttled, "status 429", status: 429)
            failure.retryAfter = .zero
            return .failure(failure)
        }
        #expect(life.attempts.count < 75, "\(life.attempts.count)")
    }

    @Test func `nobody asks for a failing token: it is left alone until somebody does`() {
        var policy = RefreshPolicy()
        policy.idleAfter = .seconds(3600)
        var life = LifeSimulation(policy)
        life.state.asked(at: life.now)
        let start = life.now
        life.run(until: life.now + .seconds(86_400)) { _, _ in .failure(LoginFailure(.refused, "status 400", status: 400)) }
        #expect(life.now < start + .seconds(10_000))
        #expect(life.state.next(at: start + .seconds(20_000)) == .rest)
    }

    @Test func `a wish beyond the callers' share does not hold up the schedule`() throws {
        var life = try held(900)
        for second in 0..<6 { life.state.loginBegan(.caller, at: life.now + .seconds(second)) }
        let now = life.now + .seconds(880)
        let isAccepted = life.state.requestRefresh(at: now)
        #expect(!isAccepted)
        #expect(life.state.next(at: now) == .login(.schedule))
        let dead = life.now + .seconds(1000)
        let isAcceptedWithout = life.state.requestRefresh(at: dead)
        #expect(isAcceptedWithout)
        #expect(life.state.next(at: dead) == .login(.schedule))
    }

    @Test func `the same token that is said to end later but is dead replaces nothing`() throws {
        var life = LifeSimulation()
        var generator = SeededGenerator(seed: 1)
        let first = LifeSimulation.draft("a", lifetime: .seconds(900), at: life.now, wall: life.wall, origin: .jwt, stated: WallTime(seconds: 1000))
        _ = try life.state.adopt(first, fingerprint: "f", trigger: .schedule, at: life.now, using: &generator)
        let dead = LifeSimulation.draft("a", lifetime: .seconds(-2700), at: life.now, wall: life.wall, origin: .jwt, stated: WallTime(seconds: 1600))
        #expect(throws: LoginFailure.self) { try life.state.adopt(dead, fingerprint: "f", trigger: .schedule, at: life.now, using: &generator) }
        #expect(life.state.token?.expiry.lifetime == .seconds(900))
    }

    @Test func `secrets that worked lately are tried three times more, and then every hour`() {
        var life = LifeSimulation()
        life.run(until: life.now + .seconds(30_000)) { attempt, now in
            attempt == 1
                ? .success(LifeSimulation.draft("t", lifetime: .seconds(900), at: now, wall: WallTime(seconds: 0)))
                : .failure(LoginFailure(.rejected, "status 401", status: 401))
        }
        #expect(life.pauses.dropFirst().prefix(5).map { Int($0) } == [60, 600, 1800, 3600, 3600])
    }

    @Test(arguments: [400, 403, 422]) func `three refusals in a row latch secrets that never worked`(status: Int) {
        var life = LifeSimulation()
        life.run(until: life.now + .seconds(7200)) { _, _ in .failure(LoginFailure(.refused, "refused", status: status)) }
        #expect(life.state.trouble?.isLatched == true && life.state.trouble?.failure.failureClass == .rejected)
        #expect(life.pauses.prefix(2).allSatisfy { (45...150).contains($0) } && life.pauses.dropFirst(2).allSatisfy { $0 == 1800 })
    }

    @Test func `a state is desperate after two failures without a living token`() throws {
        var life = try held(60)
        let dead = life.now + .seconds(61)
        for count in 0...2 {
            #expect(life.state.isDesperate(at: dead) == (count == 2) && !life.state.isDesperate(at: life.now))
            life.state.failed(LoginFailure(.transient, "down", status: 503), trigger: .schedule, at: life.now, using: &life.generator)
        }
    }

    @Test(arguments: [404, 405, 200]) func `other refusals latch nobody`(status: Int) {
        var life = LifeSimulation()
        life.run(until: life.now + .seconds(20_000)) { _, _ in .failure(LoginFailure(.refused, "refused", status: status)) }
        #expect(life.state.trouble?.isLatched == false && life.attempts.count > 5)
    }

    @Test func `refusals latch no secrets that worked`() {
        var life = LifeSimulation()
        life.run(until: life.now + .seconds(20_000)) { attempt, now in
            attempt == 1
                ? .success(LifeSimulation.draft("t", lifetime: .seconds(900), at: now, wall: WallTime(seconds: 0)))
                : .failure(LoginFailure(.refused, "refused", status: 403))
        }
        #expect(life.state.trouble?.isLatched == false)
    }

    @Test(arguments: [(FailureClass.refused, 75.0), (.badReply, 7), (.throttled, 66), (.local, 1.3)])
    func `a failure of another kind begins its own ladder`(kind: FailureClass, longest: Double) throws {
        var life = LifeSimulation()
        // An outage of half a minute, then one other answer, as a gateway gives when it is deployed.
        for _ in 0..<13 {
            life.state.loginBegan(.schedule, at: life.now)
            life.state.failed(LoginFailure(.transient, "status 503", status: 503), trigger: .schedule, at: life.now, using: &life.generator)
            life.now = life.now + .seconds(3)
        }
        life.state.loginBegan(.schedule, at: life.now)
        life.state.failed(LoginFailure(kind, "status 404", status: 404), trigger: .schedule, at: life.now, using: &life.generator)
        let pause = try #require(life.state.trouble?.retryAt) - life.now
        #expect(pause <= .seconds(longest), "\(pause)")
        // And the outage's own ladder goes on where it was.
        life.state.failed(LoginFailure(.transient, "status 503", status: 503), trigger: .schedule, at: life.now, using: &life.generator)
        let next = try #require(life.state.trouble?.retryAt) - life.now
        #expect(next >= .seconds(45))
    }

    /// Tokens of several lives, outages of several lengths that begin anywhere in the token's life.
    @Test(arguments: [20.0, 90, 900], [5.0, 11, 30, 60, 120, 300]) func `the gap after an outage is never longer than the outage`(
        lifetime: Double, outage: Double
    ) {
        for step in 0..<40 {
            var life = LifeSimulation()
            life.generator = SeededGenerator(seed: UInt64(step))
            let start = life.now + .seconds(lifetime * (1 + Double(step) / 40))
            let end = start + .seconds(outage)
            var recovered: BootInstant?
            var died: BootInstant?
            life.run(until: end + .seconds(lifetime * 2 + 600)) { attempt, now in
                if now >= start, now < end { return .failure(LoginFailure(.transient, "down", status: 503)) }
                if now >= end, recovered == nil { recovered = now }
                if recovered == nil { died = now + .seconds(lifetime) }
                return .success(LifeSimulation.draft("t\(attempt)", lifetime: .seconds(lifetime), at: now, wall: WallTime(seconds: 0)))
            }
            guard let recovered, let died else {
                Issue.record("no token after the outage")
                continue
            }
            let added = (recovered - max(end, died)).inSeconds
            #expect(added <= outage + 2, "L \(lifetime), outage \(outage) at \(step)/40: \(added) s more")
        }
    }

    @Test func `a host steps back by a quarter of the pause that is left`() {
        var life = LifeSimulation()
        life.state.loginBegan(.schedule, at: life.now)
        life.state.failed(LoginFailure(.rejected, "no", status: 401), trigger: .schedule, at: life.now, using: &life.generator)
        let later = life.now + .seconds(20)
        life.state.stepBack(at: later)
        #expect(life.state.trouble?.retryAt == life.now + .seconds(70))
        life.state.stepBack(at: life.now + .seconds(71))
        #expect(life.state.trouble?.retryAt == life.now + .seconds(70))
    }

    @Test func `a latch that is never tried again waits for an operator`() {
        var policy = RefreshPolicy()
        policy.latchedRetry = .never
        var life = LifeSimulation(policy)
        life.run(until: life.now + .seconds(86_400)) { _, _ in .failure(LoginFailure(.rejected, "no", status: 401)) }
        #expect(life.attempts.count == 2)
        #expect(life.state.next(at: life.now) == .rest)
        _ = life.state.requestRefresh(at: life.now)
        #expect(life.state.next(at: life.now) == .rest)
        let isForced = life.state.forceRefresh(at: life.now)
        #expect(isForced)
        #expect(life.state.next(at: life.now) == .login(.admin))
        let isForcedAgain = life.state.forceRefresh(at: life.now + .seconds(9))
        #expect(!isForcedAgain)
    }

    @Test func `an outage of an hour: the token serves to its end, the attempts slow down and never spin`() {
        var life = LifeSimulation()
        let outage = life.now + .seconds(500)...life.now + .seconds(4100)
        life.run(until: life.now + .seconds(8000)) { attempt, now in
            outage.contains(now)
                ? .failure(LoginFailure(.transient, "status 500", status: 500))
                : .success(LifeSimulation.draft("t\(attempt)", lifetime: .seconds(900), at: now, wall: WallTime(seconds: 0)))
        }
        #expect(life.pauses.allSatisfy { $0 >= 0.75 })
        #expect((60...140).contains(life.attempts.count), "\(life.attempts.count)")
        #expect(life.state.trouble == nil)
    }

    @Test func `the same token with the same end changes the schedule alone`() throws {
        var life = LifeSimulation()
        let start = life.now
        let end = WallTime(seconds: 1_800_000_900)
        life.run(until: start + .seconds(899)) { _, now in
            .success(
                LifeSimulation.draft("same", lifetime: .seconds(900) - (now - start), at: now, wall: WallTime(seconds: 0), origin: .jwt, stated: end))
        }
        #expect(life.state.token?.deadline == start + .seconds(900))
        // Half of what remains each time, at least five seconds: a handful of looks, not a stream.
        #expect((5...9).contains(life.attempts.count), "\(life.attempts.count)")
        #expect(life.pauses.allSatisfy { $0 >= 5 })
    }

    @Test func `the same token with a later end is a renewal, another one is always adopted`() throws {
        var life = LifeSimulation()
        var generator = SeededGenerator(seed: 1)
        let first = LifeSimulation.draft("a", lifetime: .seconds(900), at: life.now, wall: life.wall, origin: .jwt, stated: WallTime(seconds: 1000))
        let adopted = try life.state.adopt(first, fingerprint: "f", trigger: .schedule, at: life.now, using: &generator)
        #expect(adopted == .new)
        let later = LifeSimulation.draft(
            "a", lifetime: .seconds(900), at: life.now + .seconds(600), wall: life.wall, origin: .jwt, stated: WallTime(seconds: 1600))
        let renewed = try life.state.adopt(later, fingerprint: "f", trigger: .schedule, at: life.now + .seconds(600), using: &generator)
        #expect(renewed == .renewed)
        let shorter = LifeSimulation.draft("b", lifetime: .seconds(60), at: life.now + .seconds(601), wall: life.wall)
        let replaced = try life.state.adopt(shorter, fingerprint: "g", trigger: .schedule, at: life.now + .seconds(601), using: &generator)
        #expect(replaced == .new)
        #expect(life.state.token?.fingerprint == "g")
    }

    @Test func `a token whose life nobody states counts as a new issue when it comes again after its end`() throws {
        var life = LifeSimulation()
        var generator = SeededGenerator(seed: 1)
        func same(at now: BootInstant) -> TokenDraft {
            LifeSimulation.draft("a", lifetime: .seconds(1800), at: now, wall: life.wall, origin: .configured)
        }
        _ = try life.state.adopt(same(at: life.now), fingerprint: "f", trigger: .schedule, at: life.now, using: &generator)
        let half = life.now + .seconds(1200)
        let again = try life.state.adopt(same(at: half), fingerprint: "f", trigger: .schedule, at: half, using: &generator)
        #expect(again == .same)
        #expect(life.state.token?.issuedAt == life.now)
        let end = life.now + .seconds(1800)
        let reissued = try life.state.adopt(same(at: end), fingerprint: "f", trigger: .schedule, at: end, using: &generator)
        #expect(reissued == .reissued)
        #expect(life.state.token?.issuedAt == end)
    }

    @Test func `a token that lives under three seconds is a bad reply and replaces nothing`() throws {
        var life = LifeSimulation()
        var generator = SeededGenerator(seed: 1)
        let good = LifeSimulation.draft("a", lifetime: .seconds(900), at: life.now, wall: life.wall)
        _ = try life.state.adopt(good, fingerprint: "f", trigger: .schedule, at: life.now, using: &generator)
        let short = LifeSimulation.draft("b", lifetime: .seconds(2), at: life.now, wall: life.wall)
        #expect(throws: LoginFailure.self) { try life.state.adopt(short, fingerprint: "g", trigger: .schedule, at: life.now, using: &generator) }
        #expect(life.state.token?.fingerprint == "f")
    }

    private func held(_ lifetime: Double) throws -> LifeSimulation {
        var life = LifeSimulation()
        var generator = SeededGenerator(seed: 1)
        let draft = LifeSimulation.draft("a", lifetime: .seconds(lifetime), at: life.now, wall: life.wall)
        _ = try life.state.adopt(draft, fingerprint: "aaaaaaaaaaaa", trigger: .schedule, at: life.now, using: &generator)
        return life
    }

    private func outcome(_ state: TokenState, at now: BootInstant, minValid: Int? = nil, wait: Int = 0, isLoggingIn: Bool = false) -> String {
        switch state.outcome(minValid: minValid.map { .seconds($0) }, deadline: now + .seconds(wait), isLoggingIn: isLoggingIn, at: now) {
        case .serve: "serve"
        case .keepWaiting: "wait"
        case .refuse(let refusal): "\(refusal.reason)".prefix { $0 != "(" }.description
        }
    }

    @Test func `a caller is served down to the last second, and never after it`() throws {
        let life = try held(60)
        #expect(outcome(life.state, at: life.now + .seconds(49)) == "serve")
        #expect(outcome(life.state, at: life.now + .seconds(55), wait: 5, isLoggingIn: true) == "wait")
        #expect(outcome(life.state, at: life.now + .seconds(55), isLoggingIn: true) == "serve")
        #expect(outcome(life.state, at: life.now + .seconds(59)) == "serve")
        #expect(outcome(life.state, at: life.now + .milliseconds(59_500)) == "pending")
        #expect(outcome(life.state, at: life.now + .seconds(3600)) == "pending")
    }

    @Test func `min_valid is met, or refused with a reason`() throws {
        var life = try held(60)
        #expect(outcome(life.state, at: life.now + .seconds(10), minValid: 49) == "serve")
        #expect(outcome(life.state, at: life.now + .seconds(10), minValid: 55) == "minValidNotMet")
        #expect(outcome(life.state, at: life.now + .seconds(10), minValid: 60) == "minValidUnreachable")
        let early = life.now + .seconds(10)
        let isWanted = life.state.wantEarlyLogin(minValid: .seconds(55), at: early)
        #expect(isWanted)
        #expect(life.state.next(at: early) == .login(.caller))
        life.state.loginBegan(.caller, at: early)
        let isWantedAgain = life.state.wantEarlyLogin(minValid: .seconds(55), at: early + .seconds(14))
        #expect(!isWantedAgain)
    }

    @Test func `a caller whose time ends before the next attempt is answered at once`() throws {
        var life = LifeSimulation()
        life.state.loginBegan(.schedule, at: life.now)
        life.state.failed(LoginFailure(.refused, "status 404", status: 404), trigger: .schedule, at: life.now, using: &life.generator)
        #expect(outcome(life.state, at: life.now, wait: 5) == "failing")
        #expect(outcome(life.state, at: life.now, wait: 100) == "wait")
    }

    @Test func `a token nobody asks for rests, and wakes with the first question`() throws {
        var policy = RefreshPolicy()
        policy.idleAfter = .seconds(3600)
        var life = LifeSimulation(policy)
        life.state.asked(at: life.now)
        let start = life.now
        life.run(until: life.now + .seconds(86_400)) { attempt, now in
            .success(LifeSimulation.draft("t\(attempt)", lifetime: .seconds(900), at: now, wall: WallTime(seconds: 0)))
        }
        #expect(life.now < start + .seconds(5000))
        #expect(life.state.next(at: start + .seconds(7200)) == .rest)
        let isDropped = life.state.dropIfDead(at: start + .seconds(7200))
        #expect(isDropped)
        life.state.asked(at: start + .seconds(7200))
        #expect(life.state.next(at: start + .seconds(7200)) == .login(.schedule))
    }

    @Test func `a partner that gives dead tokens for an hour is asked no more than its backoff allows`() {
        var life = LifeSimulation()
        let end = WallTime(seconds: 100)
        let start = life.now
        life.run(until: start + .seconds(7200)) { _, now in
            .success(
                LifeSimulation.draft("same", lifetime: .seconds(60) - (now - start), at: now, wall: WallTime(seconds: 0), origin: .jwt, stated: end))
        }
        #expect(life.pauses.allSatisfy { $0 >= 0.7 } && life.pauses.suffix(5).allSatisfy { $0 >= 200 })
        #expect(life.attempts.count < 60)
        #expect(life.state.trouble?.failure.failureClass == .badReply)
    }
}
