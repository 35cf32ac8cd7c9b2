package import Logging

/// Writes one line of logfmt for each event: its start, the message and `key=value` fields in the order of their names.
package struct LineLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    private let settings: LogSwitch
    private let write: @Sendable (String) -> Void

    package init(_ settings: LogSwitch, write: @escaping @Sendable (String) -> Void) {
        self.settings = settings
        self.write = write
    }

    package var logLevel: Logger.Level {
        get { settings.level }
        set { settings.level = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let text = fields.map { " \($0.key)=\(LogText.quoted("\($0.value)"))" }.joined()
        write("\(settings.prefix(event.level))\(LogText.quoted("\(event.message)"))\(text)\n")
    }
}
