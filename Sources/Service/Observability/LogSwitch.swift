import Glibc
package import Logging
import Synchronization
package import Time

/// How the log is written; what changes here applies from the next line on.
package final class LogSwitch: Sendable {
    package enum Format: UInt8, Sendable {
        /// logfmt: `key=value`, with quotes where a value needs them.
        case text
        /// An object a line.
        case json
        /// Fields of their own, by the journal's socket.
        case journal
    }

    private let storedLevel: Atomic<UInt8>
    private let storedFormat: Atomic<UInt8>
    /// Whether standard error is the journal, which has each line's time itself and reads its level from a prefix (sd-daemon(3)).
    private let isJournal: Bool
    private let override: Logger.Level?
    private let clocks: any Clocks

    /// - Parameter override: the level that applies whatever the configuration says; nil: the configuration's applies.
    package init(isJournal: Bool, clocks: any Clocks, override: Logger.Level? = nil) {
        storedLevel = Atomic(Self.number(override ?? .info))
        storedFormat = Atomic(Format.text.rawValue)
        self.override = override
        self.isJournal = isJournal
        self.clocks = clocks
    }

    package var level: Logger.Level {
        get { Logger.Level.allCases[Int(storedLevel.load(ordering: .relaxed))] }
        set { storedLevel.store(Self.number(override ?? newValue), ordering: .relaxed) }
    }

    package var format: Format {
        get { Format(rawValue: storedFormat.load(ordering: .relaxed)) ?? .text }
        set { storedFormat.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// The start of a line of this level, up to its message: `<5>msg=` or `time=… level=notice msg=`.
    package func prefix(_ level: Logger.Level) -> String {
        if isJournal, format == .text { return "<\(LogLine.priority(level))>msg=" }
        return "time=\(CalendarTime.rfc3339(clocks.wall)) level=\(level.rawValue) msg="
    }

    /// Whether a stream of the process is connected to the journal: $JOURNAL_STREAM names its device and inode (systemd.exec(5)).
    package static func isJournal(_ descriptor: Int32 = 2, environment: [String: String]) -> Bool {
        var status = stat()
        guard let stream = environment["JOURNAL_STREAM"], unsafe fstat(descriptor, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }

    private static func number(_ level: Logger.Level) -> UInt8 { UInt8(Logger.Level.allCases.firstIndex(of: level) ?? 0) }
}
