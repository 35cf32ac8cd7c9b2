package import Logging
package import Time

/// Writes one line for each event to standard error: journald's level prefix under systemd (sd-daemon(3)) or the time and level
/// elsewhere, then the message and `key=value` fields in the order of their names.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let isJournal: Bool
    private let clocks: any Clocks
    private let write: @Sendable (String) -> Void

    /// - Parameter isJournal: whether standard error is the journal ($JOURNAL_STREAM is set).
    package init(level: Logger.Level, isJournal: Bool, clocks: any Clocks, write: @escaping @Sendable (String) -> Void) {
        logLevel = level
        self.isJournal = isJournal
        self.clocks = clocks
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let text = fields.map { " \($0.key)=\(LogText.quoted("\($0.value)"))" }.joined()
        let start = isJournal ? "<\(Self.priority(event.level))>" : "\(CalendarTime.rfc3339(clocks.wall)) \(event.level.rawValue) "
        write("\(start)\(event.message)\(text)\n")
    }

    /// The level of syslog(3).
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
