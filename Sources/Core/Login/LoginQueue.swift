import Time

/// The logins of an account whose partner limits them: each that must wait has a turn of its own, so that none waits longer than the limit makes
/// necessary.
struct LoginQueue {
    /// When logins of the last period began, in order.
    private var begun: [BootInstant] = []
    /// Turns in the future, by entry.
    private var turns: [[UInt8]: BootInstant] = [:]

    /// The partner counts a request when it arrives: one may arrive sooner after it was sent than another.
    private static let margin = Duration.milliseconds(250)
    /// A turn that nobody has taken for so long is nobody's.
    private static let patience = Duration.seconds(60)

    /// Takes the entry's turn, or gives it one.
    ///
    /// - Returns: when its turn is; nil: it is now, and is counted.
    mutating func turn(of entry: [UInt8], _ limit: Rate, at now: BootInstant) -> BootInstant? {
        let window = limit.period + Self.margin
        begun.removeAll { $0 + window <= now }
        turns = turns.filter { $0.value + Self.patience > now }
        if let own = turns[entry] {
            if own > now { return own }
            turns[entry] = nil
            begun.append(now)
            return nil
        }
        let taken = (begun + turns.values).sorted()
        guard taken.count >= limit.count else {
            begun.append(now)
            return nil
        }
        let turn = taken[taken.count - limit.count] + window
        turns[entry] = turn
        return turn
    }
}
