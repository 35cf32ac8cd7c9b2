package import Time

/// How many new tokens and rejections an hour one entry may cause (refresh.md, "Budget"). Pure.
///
/// The same token, bad replies, refusals, failed connections, 5xx and 429 are not counted: their delays bound them.
package struct LoginBudget: Sendable {
    package enum Account: Sendable {
        /// The schedule: all of it.
        case schedule
        /// Callers' wishes (reports, `min_valid`, `refresh`): a third.
        case caller
    }

    package static let window = Duration.seconds(3600)
    /// With no usable token a login is allowed this long after the last one whatever was spent.
    package static let alwaysAllowedAfter = Duration.seconds(300)

    /// In the order of time; what is older than the window is dropped now and then.
    var spent: [BootInstant] = []
    /// Logins callers wished for.
    var spentByCallers: [BootInstant] = []
    var lastLogin: BootInstant?

    package init() {}

    /// max(12, 3 × the logins the schedule needs in an hour).
    package static func cap(lifetime: Duration?, policy: RefreshPolicy) -> Int {
        guard let lifetime else { return 12 }
        let life = (lifetime - policy.margin(of: lifetime)).inSeconds
        return max(12, Int((3 * window.inSeconds / max(life, 1)).rounded(.up)))
    }

    package mutating func noteLogin(at now: BootInstant) {
        lastLogin = now
    }

    /// A new token or a rejection.
    package mutating func spend(at now: BootInstant) {
        spent.append(now)
        forget(&spent, at: now)
    }

    /// A login a caller wished for, whatever comes of it.
    package mutating func spendCallersShare(at now: BootInstant) {
        spentByCallers.append(now)
        forget(&spentByCallers, at: now)
    }

    /// Callers have what is left of their share, and no more than what is left in all.
    package func left(_ account: Account, cap: Int, at now: BootInstant) -> Int {
        let all = max(0, cap - count(spent, at: now))
        return account == .schedule ? all : min(all, max(0, share(of: cap) - count(spentByCallers, at: now)))
    }

    /// When a login of this account may be made: now, or the moment one becomes free.
    package func free(_ account: Account, cap: Int, hasUsableToken: Bool, at now: BootInstant) -> BootInstant {
        let all = freed(spent, allowed: cap, at: now)
        guard account == .schedule else { return max(all, freed(spentByCallers, allowed: share(of: cap), at: now)) }
        guard !hasUsableToken, all > now else { return all }
        return max(now, min(all, (lastLogin ?? now) + Self.alwaysAllowedAfter))
    }

    /// When fewer than `allowed` of these lie in the window.
    private func freed(_ times: [BootInstant], allowed: Int, at now: BootInstant) -> BootInstant {
        guard count(times, at: now) >= allowed, times.indices.contains(times.count - allowed) else { return now }
        return times[times.count - allowed] + Self.window
    }

    private func share(of cap: Int) -> Int { max(1, cap / 3) }

    private func count(_ times: [BootInstant], at now: BootInstant) -> Int { times.count - expired(times, at: now) }

    /// How many at the front lie before the window.
    private func expired(_ times: [BootInstant], at now: BootInstant) -> Int {
        var low = 0
        var high = times.count
        while low < high {
            let middle = (low + high) / 2
            if times[middle] + Self.window <= now { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func forget(_ times: inout [BootInstant], at now: BootInstant) {
        let count = expired(times, at: now)
        if count > times.count / 2 { times.removeFirst(count) }
    }
}
