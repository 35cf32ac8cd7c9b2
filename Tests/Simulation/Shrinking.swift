import Glibc
import Time

/// Leaves out parts of a plan for as long as it still breaks the same rule, and prints what is left.
struct Shrinking {
    let plan: Plan
    let violation: String

    /// How long it may take.
    private static let time = Duration.seconds(40)

    func run() {
        let shown = unsafe getenv("SIMULATION_LINES").flatMap { unsafe Int(String(cString: $0)) } ?? 80
        let end = ContinuousClock.now + Self.time
        var (steps, runs) = (plan.steps, 0)
        var part = max(1, steps.count / 2)
        while part >= 1, ContinuousClock.now < end {
            var (index, isSmaller) = (0, false)
            while index < steps.count, ContinuousClock.now < end {
                var fewer = steps
                fewer.removeSubrange(index..<min(index + part, steps.count))
                runs += 1
                if breaks(fewer) { (steps, isSmaller) = (fewer, true) } else { index += part }
            }
            if part == 1, !isSmaller { break }
            part = max(1, part / 2)
        }
        var small = plan
        small.steps = steps
        let world = World(small)
        world.run()
        print("\(steps.count) of \(plan.steps.count) steps are left after \(runs) runs; the last \(min(world.history.count, shown)) lines:")
        for line in world.history.suffix(shown) { print("  \(line)") }
    }

    private func breaks(_ steps: [Plan.Step]) -> Bool {
        var plan = plan
        plan.steps = steps
        let world = World(plan)
        world.run()
        return world.violation.map { Self.kind($0) == Self.kind(violation) } ?? false
    }

    /// A violation without its figures.
    private static func kind(_ text: String) -> String { String(text.filter { !$0.isNumber }.prefix(24)) }
}
