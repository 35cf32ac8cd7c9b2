package import Time

/// What rejections teach about a lifetime nobody states: the second smallest of the last five ages at which the partner
/// refused a token, never under a third of the configured life, forgotten after seven days. Pure.
package struct LearnedLifetime: Sendable {
    var ages: [(age: Duration, at: BootInstant)] = []

    package init() {}

    package mutating func refused(atAge age: Duration, now: BootInstant) {
        ages.append((age, now))
        if ages.count > 5 { ages.removeFirst() }
    }

    package mutating func clear() {
        ages = []
    }

    /// The lifetime to go by in place of the configured one.
    package func lifetime(configured: Duration, now: BootInstant) -> Duration {
        learned(configured: configured, now: now) ?? configured
    }

    /// Nil while too little was learned to change anything.
    package func learned(configured: Duration, now: BootInstant) -> Duration? {
        let recent = ages.filter { $0.at + .seconds(7 * 86_400) > now }.map(\.age).sorted()
        guard recent.count >= 2, recent[1] < configured else { return nil }
        return max(recent[1], configured / 3)
    }
}
