import Configuration
import Fleet
import Store
import TestSupport
import Time

/// One run of a plan: machines, partners, callers and what must hold of them.
final class World: @unchecked Sendable {
    let plan: Plan
    let time = SimulatedTime()
    let start: BootInstant
    let partner: Partner
    let machines: [Machine]
    let etcd: SimulatedEtcd?
    var models: [Model]
    var daemons: [Daemon?]
    /// The last things that happened.
    private(set) var history: [String] = []
    private(set) var violation: String?
    /// Of everything that happened: the same for the same seed.
    private(set) var digest: UInt64 = 14_695_981_039_346_656_037
    private(set) var counts = Counts()
    var weathers: [String: [(weather: Weather, until: BootInstant)]] = [:]
    var etcdDownUntil = BootInstant(nanoseconds: 0)
    /// When something last happened after which two hosts may log in side by side.
    var lastUpheaval = BootInstant(nanoseconds: 0)
    /// Until when each token must be served at least, by the host that logged in.
    var promised: [String: BootInstant] = [:]
    /// Accounts whose chain of refresh tokens may have broken through no fault of the daemon.
    var brokenChains: Set<String> = []
    var pendingCrash: (machine: Int, steps: Int, downFor: Duration, reboots: Bool)?
    private var random: SeededDraw
    private var number = 0
    private var configurations: [UInt64: BrokerConfiguration] = [:]

    struct Counts: Sendable {
        var steps = 0, logins = 0, requests = 0, served = 0, starts = 0
    }

    init(_ plan: Plan) {
        self.plan = plan
        start = time.now
        let time = time
        partner = Partner(time)
        machines = (0..<plan.machines).map { Machine($0, time) }
        models = machines.map { _ in Model() }
        daemons = machines.map { _ in nil }
        random = SeededDraw(plan.seed, 3)
        etcd = plan.machines > 1 ? SimulatedEtcd(time) : nil
        for machine in machines { for account in plan.accounts { machine[account.passwordFile] = account.password(0) } }
    }

    // MARK: Draws

    func nextNumber() -> Int {
        number += 1
        return number
    }

    func makeGenerator() -> SeededGenerator { SeededGenerator(seed: random.generator.next()) }
    func latency() -> Duration { random.milliseconds(5...400) }

    // MARK: What is

    func account(_ name: String) -> Account? { plan.accounts.first { $0.name == name } }

    func weather(of account: String) -> Weather? {
        let now = time.now
        weathers[account]?.removeAll { $0.until <= now }
        guard let weather = weathers[account]?.last?.weather else { return nil }
        let kind = self.account(account)?.kind
        // A partner that returns the token before spends no refresh token.
        if kind == .rotating, weather == .sameToken { return nil }
        // Nobody can know that such a token ends sooner than it is configured to.
        if kind == .silent {
            switch weather {
            case .sameToken, .brief: return nil
            default: break
            }
        }
        return weather
    }

    /// A configuration: 0 is the whole one, in others entries are missing or differ.
    func configuration(_ variant: UInt64) -> BrokerConfiguration {
        if let known = configurations[variant] { return known }
        var draw = SeededDraw(variant, 5)
        var text = "providers:\n" + plan.accounts.map(\.definition).joined() + "tokens:\n"
        for account in plan.accounts {
            let isChanged = variant != 0
            // Others may need the service's token, and an empty configuration is none.
            if isChanged, draw.isTrue(0.2), account.name != "service", account != plan.accounts.first { continue }
            let user = isChanged && draw.isTrue(0.2) ? "other" : "user"
            let margin = isChanged && draw.isTrue(0.3) ? draw.one(of: ["margin: 30s", "margin_cap: 1m", "jitter: 0%"]) : nil
            text += account.entry(user: user, margin: margin, isRequired: !(isChanged && draw.isTrue(0.3)))
        }
        do {
            let read = try TestConfiguration.read(text)
            configurations[variant] = read
            return read
        } catch {
            preconditionFailure("the configuration is faulty: \(error)\n\(text)")
        }
    }

    // MARK: History

    var elapsed: Duration { time.now - start }

    func note(_ text: @autoclosure () -> String, on machine: Int? = nil) {
        let line = "\(Self.clock(elapsed)) \(machine.map { "[\($0)] " } ?? "")\(text())"
        for byte in line.utf8 { digest = (digest ^ UInt64(byte)) &* 1_099_511_628_211 }
        history.append(line)
        if history.count > 4000 { history.removeFirst(2000) }
    }

    func violate(_ text: String, on machine: Int? = nil) {
        guard violation == nil else { return }
        note("VIOLATED: \(text)", on: machine)
        violation = text
    }

    /// A line of the log.
    func logged(_ line: String) {
        if Account.isShown(in: line.utf8) { violate("a secret in the log: \(line)") }
    }

    private static func clock(_ duration: Duration) -> String {
        let seconds = duration.wholeSeconds
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let milliseconds = duration.nanoseconds / 1_000_000 % 1000
        return
            "\(seconds / 86_400)d \(two(seconds / 3600 % 24)):\(two(seconds / 60 % 60)):\(two(seconds % 60)).\(String(1000 + milliseconds).dropFirst())"
    }

    // MARK: The run

    /// Runs the plan to its end or to the first violation.
    func run() {
        SimulationExecutor.shared.shuffle(SeededGenerator(seed: plan.seed &+ 77))
        defer { SimulationExecutor.shared.shuffle(nil) }
        for machine in machines { launch(machine.number) }
        for step in plan.steps {
            advance(to: start + step.at)
            guard violation == nil else { return finish() }
            perform(step.event)
        }
        advance(to: start + plan.length)
        finish()
    }

    /// Lets the world run until a moment, step by step.
    func advance(to end: BootInstant) {
        settle()
        var (moment, stepsOfMoment) = (time.now, 0)
        while violation == nil, time.step(until: end) {
            counts.steps += 1
            stepsOfMoment = moment == time.now ? stepsOfMoment + 1 : 0
            moment = time.now
            if stepsOfMoment > Self.mostSteps { violate("time stands still: somebody sleeps until a moment that has passed, again and again") }
            settle()
            crashIfDue()
        }
    }

    /// More steps without time going on than any world has.
    private static let mostSteps = 2000
    /// More jobs than any moment of a world has.
    private static let mostJobs = 60_000

    private func settle() {
        if !SimulationExecutor.shared.drain(atMost: Self.mostJobs) { violate("a loop without end: jobs follow each other and time stands still") }
    }

    private func finish() {
        for daemon in daemons { daemon?.kill() }
        SimulationExecutor.shared.drain(atMost: Self.mostJobs)
        SimulationExecutor.shared.forget()
    }

    private func crashIfDue() {
        guard var crash = pendingCrash else { return }
        crash.steps -= 1
        pendingCrash = crash.steps <= 0 ? nil : crash
        if crash.steps <= 0 { self.crash(crash.machine, downFor: crash.downFor, reboots: crash.reboots) }
    }

    func count(_ change: (inout Counts) -> Void) { change(&counts) }
}
