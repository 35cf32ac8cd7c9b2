/// How the daemon logs.
package struct LogConfiguration: Sendable, Equatable {
    package enum Format: String, Sendable, CaseIterable {
        /// Lines of logfmt on standard error.
        case text
        /// A JSON object a line on standard error.
        case json
        /// Entries with fields of their own in systemd's journal.
        case journal
    }

    package enum Level: String, Sendable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    package var format = Format.text
    /// The lowest level that is logged.
    package var level = Level.info

    package init() {}
}
