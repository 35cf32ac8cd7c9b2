import Logging
import Synchronization

/// Writes one line for every token served or refused: the caller, the request and the outcome.
package final class AuditLog: Sendable {
    private let enabled = Atomic<Bool>(true)
    private let settings: LogSwitch
    private let output: StandardError

    package init(_ settings: LogSwitch, output: StandardError) {
        self.settings = settings
        self.output = output
    }

    /// Whether the configuration enables the audit.
    package var isOn: Bool {
        get { enabled.load(ordering: .relaxed) }
        set { enabled.store(newValue, ordering: .relaxed) }
    }

    /// The levels of lines of the audit.
    package enum Level: Sendable {
        case warning, info

        fileprivate var level: Logger.Level { self == .warning ? .warning : .info }
    }

    /// The start of each line, up to its caller.
    package func prefix(_ level: Level) -> [UInt8] { Array("\(settings.prefix(level.level))audit".utf8) }

    /// Writes one line: the caller, then `rest`.
    package func write(_ level: Level, of caller: AuditedCaller, _ rest: String) {
        output.write(prefix(level) + caller.bytes + Array("\(rest)\n".utf8), from: caller.isKnown ? .audit : .strangers)
    }

    /// Writes complete lines about known callers.
    package func append(_ lines: [UInt8], count: Int) {
        output.write(lines, count: count, from: .audit)
    }
}
