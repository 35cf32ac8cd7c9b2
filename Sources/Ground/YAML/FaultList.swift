/// Collects faults, each once, while files are read.
package final class FaultList {
    private var collected: [ConfigurationFault] = []
    private var known: Set<ConfigurationFault> = []

    package init() {}

    package func add(_ fault: ConfigurationFault) {
        if known.insert(fault).inserted { collected.append(fault) }
    }

    /// In the order in which the files reported their first fault, then by line and column.
    package var faults: [ConfigurationFault] {
        var files: [String] = []
        for fault in collected where !files.contains(fault.file) { files.append(fault.file) }
        return files.flatMap { file in
            collected.enumerated().filter { $1.file == file }.sorted { ($0.1.line, $0.1.column, $0.0) < ($1.1.line, $1.1.column, $1.0) }.map(\.1)
        }
    }

    package var hasErrors: Bool { collected.contains { !$0.isWarning } }
}
