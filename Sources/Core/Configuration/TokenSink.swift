/// Where a token goes each time it changes, for programs that cannot ask.
package enum TokenSink: Sendable, Hashable {
    case file(FileSink)
    /// A program that gets the token and a newline on standard input.
    case command(SinkCommand)
}

/// A file that holds the current token, replaced as a whole and removed when there is none.
package struct FileSink: Sendable, Hashable {
    /// Absolute.
    package var path: String
    package var mode: UInt32 = 0o640
    /// Nil: the daemon's own.
    package var group: String?
    /// Text in which `%s` stands for the token.
    package var template = "%s"
}

/// A program that is run without a shell.
package struct SinkCommand: Sendable, Hashable {
    package var words: [String]
    package var timeout = Duration.seconds(10)
}
