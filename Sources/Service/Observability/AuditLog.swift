import LocalHTTP
import Synchronization
package import Time

/// One line for every token handed out or refused: who asked, for what, and what became of it.
package final class AuditLog: Sendable {
    private let switchedOn = Atomic<Bool>(true)
    private let isJournal: Bool
    private let clocks: any Clocks
    private let output: StandardError

    package init(isJournal: Bool, clocks: any Clocks, output: StandardError) {
        self.isJournal = isJournal
        self.clocks = clocks
        self.output = output
    }

    /// Whether the configuration wants it.
    package var isOn: Bool {
        get { switchedOn.load(ordering: .relaxed) }
        set { switchedOn.store(newValue, ordering: .relaxed) }
    }

    /// What each line begins with: the journal's level prefix (sd-daemon(3)), or time and level.
    package func prefix(_ level: Level) -> [UInt8] {
        Array((isJournal ? "<\(level.rawValue)>audit" : "\(CalendarTime.rfc3339(clocks.wall)) \(level) audit").utf8)
    }

    /// syslog(3).
    package enum Level: Int { case warning = 4, info = 6 }

    /// Writes one line about a caller, who is told from `rest`.
    package func write(_ level: Level, of caller: AuditedCaller, _ rest: String) {
        output.write(prefix(level) + Array("\(caller.text)\(rest)\n".utf8), from: caller.isKnown ? .audit : .strangers)
    }

    /// Takes whole lines about known callers.
    package func append(_ lines: [UInt8], count: Int) {
        output.write(lines, count: count, from: .audit)
    }
}
