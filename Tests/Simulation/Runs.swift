import Glibc
import Time

/// Many worlds, one after the other; the first that breaks a rule is shrunk and shown.
struct Runs {
    let first: UInt64
    let count: UInt64
    let length: Duration
    let shrinks: Bool

    /// Seconds of the processor's time that one world may take.
    private static let longestWorld = 60
    /// What is said of the world that runs, if a job of it has no end.
    private nonisolated(unsafe) static var endless: [UInt8] = []

    /// - Parameter seconds: 0 for no limit.
    private static func limit(seconds: Int) {
        var timer = itimerval(it_interval: timeval(tv_sec: 0, tv_usec: 0), it_value: timeval(tv_sec: seconds, tv_usec: 0))
        unsafe setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
    }

    /// The exit status: 1 if a rule was broken.
    func run() -> Int32 {
        var total = World.Counts()
        let began = ContinuousClock.now
        signal(SIGPROF) { _ in
            // Nothing else can end the job, which may hold the lock of standard output; the world's history is lost with it.
            _ = unsafe write(1, Runs.endless, Runs.endless.count)
            _exit(1)
        }
        for seed in first..<first + count {
            unsafe Self.endless = Array("seed \(seed): a job without end\n".utf8)
            // A job that never ends ends the program (SIGPROF), since nothing else can.
            Self.limit(seconds: Self.longestWorld)
            let world = World(Plan(seed: seed, length: length))
            world.run()
            total.add(world.counts)
            guard let violation = world.violation else { continue }
            Self.limit(seconds: 0)
            print("seed \(seed): \(violation)")
            if shrinks { Shrinking(plan: world.plan, violation: violation).run() }
            print("seed \(seed) after \(seed - first + 1) seeds")
            return 1
        }
        Self.limit(seconds: 0)
        let took = ContinuousClock.now - began
        print(
            "\(count) seeds × \(DurationSyntax.words(length)) in \(DurationSyntax.words(took)): \(total.steps) steps, \(total.starts) starts, "
                + "\(total.logins) logins, \(total.requests) requests, \(total.served) tokens served; every rule held")
        return 0
    }
}

extension World.Counts {
    mutating func add(_ other: World.Counts) {
        steps += other.steps
        logins += other.logins
        requests += other.requests
        served += other.served
        starts += other.starts
    }
}
