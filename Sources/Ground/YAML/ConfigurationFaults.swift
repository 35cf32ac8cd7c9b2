/// All faults of a configuration, in the order of files and lines.
package struct ConfigurationFaults: Error, Sendable, CustomStringConvertible {
    package let faults: [ConfigurationFault]

    package init(faults: [ConfigurationFault]) {
        self.faults = faults
    }

    /// Whether nothing but unreadable files is wrong.
    package var isUnreadable: Bool { faults.allSatisfy { $0.isUnreadable || $0.isWarning } }

    package var description: String { faults.map(\.description).joined(separator: "\n") }
}
