package import Time

/// Limits the new tokens and rejections that one entry may cause in an hour. Pure.
///
/// The same token, bad replies, refusals, failed connections, 5xx and 429 are not counted: their delays bound them.
package struct LoginBudget: Sendable {
    package enum Account: Sendable {
        /// The schedule, which may use the whole budget.
        case schedule
        /// Callers' requests (reports, `min_valid`, `refresh`), which may use a third.
        case caller
    }

    package static let window = Duration.seconds(3600)
    /// Without a usable token, a login is allowed this long after the last one, however much was spent.
    package static let alwaysAllowedAfter = Duration.seconds(300)

    /// In chronological order; times older than the window are dropped occasionally.
    var spent: [BootInstant] = []
    /// Logins requested by callers.
    var spentByCallers: [BootInstant] = []
    var lastLogin: BootInstant?

    package init() {}

    /// The budget for an hour: max(12, 3 × the logins the schedule needs in an hour).
    package static func cap(lifetime: Duration?, policy: RefreshPolicy) -> Int {
        guard let lifetime else { return 12 }
        let life = (lifetime - policy.margin(of: lifetime)).inSeconds
        return max(12, Int((3 * window.inSeconds / max(life, 1)).rounded(.up)))
    }

    package mutating func noteLogin(at now: BootInstant) {
        lastLogin = now
    }

    /// Counts a new token or a rejection.
    package mutating func spend(at now: BootInstant) {
        spent.append(now)
        forget(&spent, at: now)
    }

    /// Counts a login requested by a caller, whatever its outcome.
    package mutating func spendCallersShare(at now: BootInstant) {
        spentByCallers.append(now)
        forget(&spentByCallers, at: now)
    }

    /// What is left of the account; for callers, at most what is left in total.
    package func left(_ account: Account, cap: Int, at now: BootInstant) -> Int {
        let all = max(0, cap - count(spent, at: now))
        return account == .schedule ? all : min(all, max(0, share(of: cap) - count(spentByCallers, at: now)))
    }

    /// When this account may make a login: now, or the moment one becomes available.
    package func free(_ account: Account, cap: Int, hasUsableToken: Bool, at now: BootInstant) -> BootInstant {
        let all = freed(spent, allowed: cap, at: now)
        guard account == .schedule else { return max(all, freed(spentByCallers, allowed: share(of: cap), at: now)) }
        guard !hasUsableToken, all > now else { return all }
        return max(now, min(all, (lastLogin ?? now) + Self.alwaysAllowedAfter))
    }

    /// When fewer than `allowed` of these times are in the window.
    private func freed(_ times: [BootInstant], allowed: Int, at now: BootInstant) -> BootInstant {
        guard count(times, at: now) >= allowed, times.indices.contains(times.count - allowed) else { return now }
        return times[times.count - allowed] + Self.window
    }

    private func share(of cap: Int) -> Int { max(1, cap / 3) }

    /// How many logins one caller's reports may cause in an hour: half of the callers' share, so that its reports use up nobody else's
    /// chance.
    package func reports(of cap: Int) -> Int { max(1, share(of: cap) / 2) }

    private func count(_ times: [BootInstant], at now: BootInstant) -> Int { times.count - expired(times, at: now) }

    /// The number of times, all at the front, that are before the window.
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
