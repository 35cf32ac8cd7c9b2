package import Time

/// A lifetime learned from rejections, for partners that state none. Pure.
///
/// It is the second smallest of the last five ages at which the partner refused a token, and at least a third of the configured
/// lifetime. Ages are forgotten after seven days.
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

    /// The learned lifetime, or the configured one if nothing shorter was learned.
    package func lifetime(configured: Duration, now: BootInstant) -> Duration {
        learned(configured: configured, now: now) ?? configured
    }

    /// The learned lifetime; nil while there is no evidence for a shorter one than configured.
    package func learned(configured: Duration, now: BootInstant) -> Duration? {
        let recent = ages.filter { $0.at + .seconds(7 * 86_400) > now }.map(\.age).sorted()
        guard recent.count >= 2, recent[1] < configured else { return nil }
        return max(recent[1], configured / 3)
    }
}
