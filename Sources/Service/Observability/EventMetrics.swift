package import Synchronization
package import Time
package import Tokens

/// Counts the events of tokens.
package final class EventMetrics: EventSink {
    private struct Logins {
        /// A token has seen few outcomes as a rule: a dictionary would take twice the memory.
        private(set) var outcomes: [(name: String, count: UInt64)] = []
        var rejections: [ReportOutcome: UInt64] = [:]
        /// Cumulative, as OpenMetrics requires: one for each bound and one for all logins.
        var durations = [UInt64](repeating: 0, count: EventMetrics.bounds.count + 1)
        var seconds = 0.0
        var lastSuccess: WallTime?

        mutating func count(_ outcome: String, seconds: Double) {
            count(outcome)
            self.seconds += seconds
            for (place, bound) in EventMetrics.bounds.enumerated() where seconds <= bound { durations[place] += 1 }
            durations[EventMetrics.bounds.count] += 1
        }

        mutating func count(_ outcome: String) {
            if let place = outcomes.firstIndex(where: { $0.name == outcome }) {
                outcomes[place].count += 1
            } else {
                outcomes.append((outcome, 1))
            }
        }
    }

    /// The upper bounds of the buckets of login durations, in seconds.
    fileprivate static let bounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private let clocks: any Clocks
    private let logins = Mutex<[String: Logins]>([:])
    /// Whether the configured store works; true where tokens are kept in memory by configuration.
    package let isStoreUsable = Atomic<Bool>(true)
    /// Tokens whose refresh token could not be written.
    package let unsecured = Mutex<Set<String>>([])
    private let sinkFailures = Mutex<[String: UInt64]>([:])
    private let reloads = Counter()
    private let refusedReloads = Counter()
    private let lastReload = Mutex<(isGood: Bool, lastGood: WallTime?)>((true, nil))

    package init(clocks: any Clocks) {
        self.clocks = clocks
    }

    package func record(_ event: BrokerEvent) {
        switch event {
        case .tokenAdopted(let token, _, let adoption, _, _, let took):
            count(token, adoption == .same ? "same_token" : "success", took)
            logins.withLock { $0[token, default: Logins()].lastSuccess = clocks.wall }
        case .loginFailed(let token, let failure, _, _, let took): count(token, failure.failureClass.rawValue, took)
        case .refreshFailed(let token, _): logins.withLock { $0[token, default: Logins()].count("refresh_failed") }
        case .rejectionReported(let token, _, let outcome):
            logins.withLock { $0[token, default: Logins()].rejections[outcome, default: 0] += 1 }
        case .reloaded:
            reloads.add()
            lastReload.withLock { $0 = (true, clocks.wall) }
        case .reloadRefused:
            refusedReloads.add()
            lastReload.withLock { $0.isGood = false }
        case .storeFailed: isStoreUsable.store(false, ordering: .relaxed)
        case .storeRecovered: isStoreUsable.store(true, ordering: .relaxed)
        case .refreshTokenUnsecured(let token, _): _ = unsecured.withLock { $0.insert(token) }
        case .refreshTokenSecured(let token): _ = unsecured.withLock { $0.remove(token) }
        case .sinkFailed(let token, _, _): sinkFailures.withLock { $0[token, default: 0] += 1 }
        case .loginBegan, .lateResultDropped, .partnerClockIgnored, .expirySourceIgnored, .tokenNotYetValid, .tokenDropped, .secretChanged,
            .secretUnreadable, .held, .logoutFailed, .loginAlone, .fleetLockBroken, .fleetRecordUnread, .fleetClocksDiffer:
            break
        case .tokenShared(let token, _, _, _): logins.withLock { $0[token, default: Logins()].count("shared") }
        }
    }

    /// When a configuration was applied last.
    package var lastReloadAt: WallTime? { lastReload.withLock { $0.lastGood } }

    private static func seconds(_ time: WallTime) -> Double { (Double(time.nanoseconds) / 1e6).rounded() / 1e3 }

    private func count(_ token: String, _ outcome: String, _ took: Duration) {
        let seconds = Double(took.nanoseconds) / 1e9
        logins.withLock { logins in
            logins[token, default: Logins()].count(outcome, seconds: seconds)
        }
    }

    /// Forgets tokens that are no longer configured.
    package func keepTokens(_ names: Set<String>) {
        logins.withLock { $0 = $0.filter { names.contains($0.key) } }
        unsecured.withLock { $0.formIntersection(names) }
        sinkFailures.withLock { $0 = $0.filter { names.contains($0.key) } }
    }

    func write(to text: inout MetricsText) {
        let logins = logins.withLock { $0 }.sorted { $0.key < $1.key }
        text.family("tokenbroker_logins", .counter, "Finished logins, by outcome: success, same_token or the failure's class.")
        for (token, counted) in logins {
            for (outcome, count) in counted.outcomes.sorted(by: { $0.name < $1.name }) {
                text.sample("_total", [("token", token), ("outcome", outcome)], count)
            }
        }
        text.family("tokenbroker_login_duration_seconds", .histogram, "Duration of logins.")
        for (token, counted) in logins {
            for (place, count) in counted.durations.enumerated() {
                let bound = place < Self.bounds.count ? String(Self.bounds[place]) : "+Inf"
                text.sample("_bucket", [("token", token), ("le", bound)], count)
            }
            text.sample("_sum", [("token", token)], counted.seconds)
            text.sample("_count", [("token", token)], counted.durations[Self.bounds.count])
        }
        text.family("tokenbroker_rejections", .counter, "Reports that a partner refused a token, by outcome.")
        for (token, counted) in logins {
            for (outcome, count) in counted.rejections.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                text.sample("_total", [("token", token), ("outcome", outcome.rawValue)], count)
            }
        }
        text.family("tokenbroker_store_usable", .gauge, "Whether the configured store works; 0: tokens are kept only in memory.")
        text.sample("", [], UInt64(isStoreUsable.load(ordering: .relaxed) ? 1 : 0))
        text.family("tokenbroker_sink_failures", .counter, "Times a token did not reach a file or command that it goes to.")
        for (token, count) in sinkFailures.withLock({ $0 }).sorted(by: { $0.key < $1.key }) { text.sample("_total", [("token", token)], count) }
        text.family("tokenbroker_refresh_token_unsecured", .gauge, "1 for a token whose refresh token could not be written and would be lost.")
        for token in unsecured.withLock({ $0 }).sorted() { text.sample("", [("token", token)], UInt64(1)) }
        text.family("tokenbroker_reloads", .counter, "Configurations applied or refused.")
        text.sample("_total", [("outcome", "applied")], reloads.value)
        text.sample("_total", [("outcome", "refused")], refusedReloads.value)
        let last = lastReload.withLock { $0 }
        text.family("tokenbroker_last_reload_successful", .gauge, "Whether the last configuration was applied, at start or at a reload.")
        text.sample("", [], UInt64(last.isGood ? 1 : 0))
        text.family("tokenbroker_last_reload_success_timestamp_seconds", .gauge, "When a configuration was applied last, in seconds since 1970.")
        if let time = last.lastGood { text.sample("", [], Self.seconds(time)) }
        text.family("tokenbroker_token_last_login_timestamp_seconds", .gauge, "When the last login of this process succeeded, in seconds since 1970.")
        for (token, counted) in logins { if let time = counted.lastSuccess { text.sample("", [("token", token)], Self.seconds(time)) } }
    }
}
