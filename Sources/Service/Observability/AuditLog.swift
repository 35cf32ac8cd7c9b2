import Synchronization
package import Time

/// Writes one line for every token served or refused: the caller, the request and the outcome.
package final class AuditLog: Sendable {
    private let enabled = Atomic<Bool>(true)
    private let isJournal: Bool
    private let clocks: any Clocks
    private let output: StandardError

    package init(isJournal: Bool, clocks: any Clocks, output: StandardError) {
        self.isJournal = isJournal
        self.clocks = clocks
        self.output = output
    }

    /// Whether the configuration enables the audit.
    package var isOn: Bool {
        get { enabled.load(ordering: .relaxed) }
        set { enabled.store(newValue, ordering: .relaxed) }
    }

    /// The start of each line: the journal's level prefix (sd-daemon(3)), or time and level.
    package func prefix(_ level: Level) -> [UInt8] {
        Array((isJournal ? "<\(level.rawValue)>audit" : "\(CalendarTime.rfc3339(clocks.wall)) \(level) audit").utf8)
    }

    /// The levels of syslog(3).
    package enum Level: Int { case warning = 4, info = 6 }

    /// Writes one line: the caller, then `rest`.
    package func write(_ level: Level, of caller: AuditedCaller, _ rest: String) {
        output.write(prefix(level) + Array("\(caller.text)\(rest)\n".utf8), from: caller.isKnown ? .audit : .strangers)
    }

    /// Writes complete lines about known callers.
    package func append(_ lines: [UInt8], count: Int) {
        output.write(lines, count: count, from: .audit)
    }
}
