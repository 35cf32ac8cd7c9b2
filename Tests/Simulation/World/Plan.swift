import Time

/// Everything that happens to a world, and when: drawn from its seed alone, so that parts of it can be left out to shrink a failure.
struct Plan: Sendable {
    struct Step: Sendable {
        /// Since the beginning.
        var at: Duration
        var event: Event
    }

    enum Event: Sendable {
        case weather(account: String, Weather, for: Duration)
        /// The daemon is killed so many steps of time after this one, and starts again.
        case crash(machine: Int, afterSteps: Int, downFor: Duration, reboots: Bool)
        case restart(machine: Int)
        case suspend(machine: Int, Duration)
        case stepWall(machine: Int, Duration)
        case disk(machine: Int, Disk.Weather, for: Duration)
        case etcdDown(Duration)
        /// The partner takes another password; the files follow so much later.
        case rotate(account: String, lag: Duration)
        case hideSecret(account: String, for: Duration)
        case reload(machine: Int, variant: UInt64)
        case call(machine: Int, Call)
        /// The faults end: secrets are right, every entry is configured and nothing is held.
        case calm
        /// All must be well.
        case check
    }

    let seed: UInt64
    let length: Duration
    let machines: Int
    let accounts: [Account]
    var steps: [Step]

    /// How long before its end a world has nothing but callers.
    static let calm = Duration.seconds(3 * 3600)

    init(seed: UInt64, length: Duration) {
        self.seed = seed
        self.length = length
        var draw = SeededDraw(seed, 1)
        let machines = draw.isTrue(0.3) ? 2 + draw.below(2) : 1
        let accounts = Self.accounts(&draw)
        (self.machines, self.accounts) = (machines, accounts)
        var steps: [Step] = []
        let troubled = (length - Self.calm).wholeSeconds
        // A few troubled worlds, many with now and then a fault.
        let every = draw.one(of: [600, 1800, 3600, 10_800])
        var at: Int64 = 60
        while at < troubled {
            steps.append(Step(at: .seconds(at) + draw.milliseconds(0...999), event: Self.trouble(&draw, machines, accounts)))
            at += Int64(1 + draw.below(2 * every))
        }
        let often = draw.one(of: [60, 300, 900])
        at = 1
        while at < length.wholeSeconds - 60 {
            let call = Call.draw(&draw, accounts, isCalm: at > troubled)
            steps.append(Step(at: .seconds(at) + draw.milliseconds(0...999), event: .call(machine: draw.below(machines), call)))
            at += Int64(1 + draw.below(2 * often))
        }
        steps += [Step(at: .seconds(troubled), event: .calm), Step(at: .seconds(troubled + 5400), event: .check)]
        steps.append(Step(at: .seconds(length.wholeSeconds - 30), event: .check))
        self.steps = steps.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }

    private static func accounts(_ draw: inout SeededDraw) -> [Account] {
        var kinds = Account.Kind.allCases.filter { _ in draw.isTrue(0.45) }
        if kinds.isEmpty { kinds = [.relative] }
        var accounts = kinds.filter { $0 != .chained }.map { account($0, "\($0)".lowercased(), &draw) }
        if kinds.contains(.chained) {
            accounts.append(account(.relative, "service", &draw))
            accounts.append(account(.chained, "chained", &draw))
        }
        return accounts
    }

    private static func account(_ kind: Account.Kind, _ name: String, _ draw: inout SeededDraw) -> Account {
        let lifetimes: [Int64] = [120, 900, 900, 1800, 3600, 86_400]
        let skews: [Int64] = [0, 0, 3, -3, 290, -290, 86_400]
        return Account(name: name, kind: kind, lifetime: .seconds(draw.one(of: lifetimes)), skew: draw.one(of: skews))
    }

    private static func trouble(_ draw: inout SeededDraw, _ machines: Int, _ accounts: [Account]) -> Event {
        let machine = draw.below(machines)
        let account = draw.one(of: accounts).name
        switch draw.below(20) {
        case 0...8: return .weather(account: account, .draw(&draw), for: draw.seconds(draw.one(of: [1...30, 30...600, 600...7200])))
        case 9, 10:
            return .crash(
                machine: machine, afterSteps: draw.below(24), downFor: draw.seconds(draw.one(of: [0...2, 2...120, 60...5000])),
                reboots: draw.isTrue(0.3))
        case 11: return .restart(machine: machine)
        case 12: return .suspend(machine: machine, draw.seconds(draw.one(of: [1...60, 60...9000])))
        case 13: return .stepWall(machine: machine, draw.seconds(draw.one(of: [-5...5, -300...300, -90_000...90_000])))
        case 14, 15: return .disk(machine: machine, .draw(&draw), for: draw.seconds(draw.one(of: [1...30, 60...3600])))
        case 16: return machines > 1 ? .etcdDown(draw.seconds(draw.one(of: [1...20, 60...5400]))) : .restart(machine: machine)
        case 17: return .rotate(account: account, lag: draw.seconds(draw.one(of: [0...0, -20...20, 0...4000])))
        case 18: return .hideSecret(account: account, for: draw.seconds(1...1800))
        default: return .reload(machine: machine, variant: draw.isTrue(0.4) ? 0 : draw.generator.next())
        }
    }
}
