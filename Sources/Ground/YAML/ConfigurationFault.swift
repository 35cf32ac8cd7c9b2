/// One thing wrong with a configuration: where it stands, what is wrong and what would be right.
package struct ConfigurationFault: Error, Sendable, Hashable, CustomStringConvertible {
    package var file: String
    /// From 1; 0 where the fault has no place in the file.
    package var line: Int
    package var column: Int
    /// The key's path: `tokens.zapper.inputs.api_key`.
    package var path: String
    package var message: String
    /// A warning is told and nothing more.
    package var isWarning = false

    package init(file: String, line: Int = 0, column: Int = 0, path: String = "", message: String, isWarning: Bool = false) {
        self.file = file
        self.line = line
        self.column = column
        self.path = path
        self.message = message
        self.isWarning = isWarning
    }

    /// `file:line:column: path: message`
    package var description: String {
        let place = line > 0 ? "\(file):\(line):\(column)" : file
        let subject = path.isEmpty ? "" : "\(path): "
        return "\(place): \(isWarning ? "warning: " : "")\(subject)\(message)"
    }
}

/// Every fault of a configuration, in the order of the files and lines.
package struct ConfigurationFaults: Error, Sendable, CustomStringConvertible {
    package let faults: [ConfigurationFault]

    package init(faults: [ConfigurationFault]) {
        self.faults = faults
    }

    package var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// Collects faults while files are read.
package final class FaultList {
    private var collected: [ConfigurationFault] = []
    private var known: Set<ConfigurationFault> = []

    package init() {}

    package func add(_ fault: ConfigurationFault) {
        if known.insert(fault).inserted { collected.append(fault) }
    }

    /// In the order of the files as they were read, and of the places in them.
    package var faults: [ConfigurationFault] {
        var files: [String] = []
        for fault in collected where !files.contains(fault.file) { files.append(fault.file) }
        return files.flatMap { file in
            collected.enumerated().filter { $1.file == file }.sorted { ($0.1.line, $0.1.column, $0.0) < ($1.1.line, $1.1.column, $1.0) }.map(\.1)
        }
    }

    package var hasErrors: Bool { collected.contains { !$0.isWarning } }
}
