/// One fault in a configuration: where it is, what is wrong and what would be right.
package struct ConfigurationFault: Error, Sendable, Hashable, CustomStringConvertible {
    package var file: String
    /// From 1; 0 if the fault has no place in the file.
    package var line: Int
    package var column: Int
    /// The key's path: `tokens.zapper.inputs.api_key`.
    package var path: String
    package var message: String
    /// A warning is reported but does not make the configuration invalid.
    package var isWarning = false
    /// Whether the file itself could not be read.
    package var isUnreadable = false

    package init(
        file: String, line: Int = 0, column: Int = 0, path: String = "", message: String, isWarning: Bool = false, isUnreadable: Bool = false
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.path = path
        self.message = message
        self.isWarning = isWarning
        self.isUnreadable = isUnreadable
    }

    /// `file:line:column: path: message`, with the word `warning` for one.
    package var description: String { "\(place): \(isWarning ? "warning: " : "")\(text)" }

    /// The same where the context says what it is.
    package var plainDescription: String { "\(place): \(text)" }

    private var place: String { line > 0 ? "\(file):\(line):\(column)" : file }
    private var text: String { path.isEmpty ? message : "\(path): \(message)" }

    /// Faults or warnings that a log or an answer lists one by one.
    private static let mostShown = 100

    /// The first of these texts, and how many more there are.
    package static func shown(_ texts: [String]) -> [String] {
        guard texts.count > mostShown else { return texts }
        return texts.prefix(mostShown) + ["\(texts.count - mostShown) more; tokenbroker check lists them all"]
    }
}
